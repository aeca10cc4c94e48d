//! Whether the gateway signed an exchange (PROTOCOL.md §21).

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::{claims::Claims, receipt},
    hash::sha256,
    rejection::{Rejection, ensure},
    signature::ed25519::PublicKey,
};

/// What the file of a receipt or of a verification record brings besides evidence (PROTOCOL.md §21).
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// None: a verification record, in which there is no conversation.
    pub exchange: Option<Exchange<'a>>,
    /// What the verifier itself knows of withdrawals; None where it knows nothing.
    pub status: Option<CurrentStatus<'a>>,
}

/// What was withdrawn, from a source of the verifier's own (PROTOCOL.md §21).
#[derive(Clone, Copy, Debug)]
pub struct CurrentStatus<'a> {
    /// `current-status`: a signed status, and the key sets that lead to those who signed it.
    pub documents: &'a [u8],
    /// The verifier's clock, in milliseconds since 1970. The status must be current at this time.
    pub now_ms: u64,
}

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
    /// `released`: the digest of the model in the manifest of the release that matched.
    ///
    /// # Errors
    /// `receipt.no_key`, `receipt.signature`, `receipt.model`.
    pub(crate) fn verify(&self, claims: &Claims<'_>, released: Option<&[u8; 32]>) -> Result<(), Rejection> {
        let key = claims.receipt_key.ok_or(Code::RECEIPT_NO_KEY)?;
        ensure(self.is_signed(key, claims.epoch_id).unwrap_or_default(), Code::RECEIPT_SIGNATURE)?;
        let differs = released.is_some_and(|released| !self.model_digest.is_empty() && self.model_digest != released);
        ensure(!differs, Code::RECEIPT_MODEL)
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
