//! Whether the gateway signed an exchange (PROTOCOL.md §21).

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::{claims::Claims, receipt},
    hash::sha256,
    rejection::{Rejection, ensure},
    signature::ed25519::PublicKey,
};

/// A request and its answer, and what the gateway signed over them.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// 32 bytes; None where `request` and `response` are not the texts but their salted digests.
    pub salt: Option<&'a [u8; 32]>,
    /// The decapsulated request without the zero bytes that it ends with, or 32 bytes.
    pub request: &'a [u8],
    /// The decapsulated response to the end of its content, or 32 bytes.
    pub response: &'a [u8],
    /// SHA-256 of the model, as the gateway was told it; empty where it was not.
    pub model_digest: &'a [u8],
    /// `R || S`
    pub signature: &'a [u8],
}

impl Exchange<'_> {
    /// # Errors
    /// `receipt.no_key`, `receipt.signature`.
    pub(crate) fn verify(&self, claims: &Claims<'_>) -> Result<(), Rejection> {
        let key = claims.receipt_key.ok_or(Code::RECEIPT_NO_KEY)?;
        ensure(self.is_signed(key, claims.epoch_id).unwrap_or_default(), Code::RECEIPT_SIGNATURE)
    }

    /// None where the key, the signature or a digest has another form than it must have.
    fn is_signed(&self, key: &[u8; 32], epoch_id: &[u8; 16]) -> Option<bool> {
        let key = PublicKey::new(key)?;
        let message = self.message(epoch_id)?;
        Some(key.verifies(&message, self.signature.try_into().ok()?))
    }

    fn message(&self, epoch_id: &[u8; 16]) -> Option<Vec<u8>> {
        let (request, response) = (self.digest(self.request)?, self.digest(self.response)?);
        let is_digest = matches!(self.model_digest.len(), 0 | 32);
        is_digest.then(|| receipt::message(&request, &response, self.model_digest, epoch_id))
    }

    fn digest(&self, text: &[u8]) -> Option<[u8; 32]> {
        self.salt.map_or_else(|| text.try_into().ok(), |salt| Some(sha256(&[salt, text])))
    }
}
