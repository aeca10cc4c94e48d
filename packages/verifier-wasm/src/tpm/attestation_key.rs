//! The key of an attestation key pair, which signs by one scheme.

use alloc::string::String;

use super::{Scheme, Signature, SignatureValue};
use crate::{Code, digits::push_decimal, hash::HashAlgorithm, signature::PublicKey};

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
