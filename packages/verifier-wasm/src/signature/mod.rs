//! Signatures over what a TPM said, each by the one scheme that its key is fixed to.

pub(crate) mod ecdsa;
pub(crate) mod ed25519;
mod pss;
mod roca;
pub(crate) mod rsa;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use alloc::string::String;

use p256::NistP256;
use p384::NistP384;

use crate::{
    Code,
    hash::HashAlgorithm,
    json::writer::push_decimal,
    tpm::{Signature, SignatureValue},
};

/// A key of a kind and size that this verifier accepts, whatever it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey<'a> {
    Rsa(rsa::PublicKey<'a>),
    EcP256(ecdsa::PublicKey<NistP256>),
    EcP384(ecdsa::PublicKey<NistP384>),
}

/// A signing scheme of a TPM (TPM 2.0 Part 2 §11.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Rsassa,
    Rsapss,
    Ecdsa,
}

impl Scheme {
    /// By its TPM_ALG_ID (TPM 2.0 Part 2 §6.3).
    pub(crate) const fn from_id(id: u16) -> Option<Self> {
        match id {
            0x0014 => Some(Self::Rsassa),
            0x0016 => Some(Self::Rsapss),
            0x0018 => Some(Self::Ecdsa),
            _ => None,
        }
    }
}

/// A public key with its one scheme and hash.
#[derive(Clone, Debug)]
pub(crate) struct AttestationKey<'a> {
    pub(crate) key: PublicKey<'a>,
    pub(crate) scheme: Scheme,
    pub(crate) hash: HashAlgorithm,
}

impl AttestationKey<'_> {
    /// The hash of the signing scheme, with which a TPM also makes `pcrDigest` (TPM 2.0 Part 3 §18.4).
    pub(crate) const fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// Scheme, size or curve, and hash, for a person.
    pub(crate) fn algorithm(&self) -> String {
        let mut text = String::from(match self.scheme {
            Scheme::Rsassa => "rsassa-",
            Scheme::Rsapss => "rsapss-",
            Scheme::Ecdsa => "ecdsa-",
        });
        match &self.key {
            PublicKey::Rsa(key) => push_decimal(&mut text, key.bits() as u64),
            PublicKey::EcP256(_) => text.push_str("p256"),
            PublicKey::EcP384(_) => text.push_str("p384"),
        }
        text.push('-');
        text.push_str(self.hash.as_str());
        text
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// `signature.scheme` when scheme or hash are not the key's, `signature.value` or `signature.invalid`.
    pub(crate) fn verify(&self, message: &[u8], signature: &Signature<'_>) -> Result<(), Code> {
        if (self.scheme, self.hash) != (signature.scheme, signature.hash) {
            return Err(Code::SIGNATURE_SCHEME);
        }
        let digest = self.hash.digest(&[message]);
        match (&self.key, signature.value) {
            (PublicKey::Rsa(key), SignatureValue::Rsa(value)) if self.scheme == Scheme::Rsapss => {
                // What a TPM takes (TPM 2.0 Part 1 §B.7): all the room there is, or, as FIPS 186 has it, the digest's length.
                let salts = [key.largest_salt(self.hash), self.hash.digest_length()];
                key.verify_pss(self.hash, &digest, value, &salts)
            }
            (PublicKey::Rsa(key), SignatureValue::Rsa(value)) => key.verify(self.hash, &digest, value),
            (PublicKey::EcP256(key), SignatureValue::Ec(r, s)) => key.verify(&digest, r, s),
            (PublicKey::EcP384(key), SignatureValue::Ec(r, s)) => key.verify(&digest, r, s),
            _ => Err(Code::SIGNATURE_SCHEME),
        }
    }
}
