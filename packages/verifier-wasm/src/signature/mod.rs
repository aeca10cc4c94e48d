//! Signatures over what a TPM said, each by the one scheme that its key is fixed to.

pub(crate) mod ecdsa;
#[allow(dead_code, reason = "no policy names a key of a release yet")]
pub(crate) mod ed25519;
pub(crate) mod rsa;
#[cfg(test)]
mod wycheproof;

use alloc::string::String;

use crate::{Code, hash::HashAlgorithm, json::writer::push_decimal, tpm::Signature};

/// A public key with its one scheme and hash.
#[derive(Clone, Debug)]
pub(crate) enum AttestationKey<'a> {
    Rsassa(HashAlgorithm, rsa::PublicKey<'a>),
    EcdsaP256(HashAlgorithm, ecdsa::PublicKey),
}

impl AttestationKey<'_> {
    /// The hash of the signing scheme, with which a TPM also makes `pcrDigest` (TPM 2.0 Part 3 §18.4).
    pub(crate) const fn hash(&self) -> HashAlgorithm {
        match self {
            Self::Rsassa(hash, _) | Self::EcdsaP256(hash, _) => *hash,
        }
    }

    /// Scheme, size or curve, and hash, for a person.
    pub(crate) fn algorithm(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Rsassa(_, key) => {
                text.push_str("rsassa-");
                push_decimal(&mut text, key.bits() as u64);
            }
            Self::EcdsaP256(..) => text.push_str("ecdsa-p256"),
        }
        text.push('-');
        text.push_str(self.hash().as_str());
        text
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// `signature.scheme` when scheme or hash are not the key's, `signature.value` or `signature.invalid`.
    pub(crate) fn verify(&self, message: &[u8], signature: &Signature<'_>) -> Result<(), Code> {
        let digest = |hash: &HashAlgorithm| hash.digest([message]);
        match (self, *signature) {
            (Self::Rsassa(own, key), Signature::Rsassa { hash, sig }) if *own == hash => {
                key.verify(hash, &digest(own), sig)
            }
            (Self::EcdsaP256(own, key), Signature::Ecdsa { hash, r, s }) if *own == hash => {
                key.verify(&digest(own), r, s)
            }
            _ => Err(Code::SIGNATURE_SCHEME),
        }
    }
}
