//! The key of an epoch that signs receipts: Ed25519 (RFC 8032 §5.1).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_verifier::{Code, evidence::receipt};

use crate::failure::Failure;
use crate::scrub::scrubbed;

/// Exists in memory only, where AWS-LC made it, and is overwritten when dropped, by AWS-LC as all that it frees; there is no way to import or
/// export one.
pub struct ReceiptKey {
    pair: Ed25519KeyPair,
    epoch_id: [u8; 16],
}

impl ReceiptKey {
    /// Makes the key of an epoch from the system's random numbers.
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn generate(epoch_id: [u8; 16]) -> Result<Self, Failure> {
        let pair = scrubbed(|| Ed25519KeyPair::generate().ok()).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
        Ok(Self { pair, epoch_id })
    }

    /// The public half, for the claims.
    ///
    /// # Errors
    /// `gateway.internal`: cannot happen with this algorithm.
    pub fn public(&self) -> Result<[u8; 32], Failure> {
        self.pair.public_key().as_ref().try_into().map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))
    }

    /// Signs an exchange by its salted digests; returns 64 bytes.
    #[must_use]
    pub fn sign(&self, request: &[u8; 32], response: &[u8; 32], model_digest: &[u8]) -> Vec<u8> {
        let message = receipt::message(request, response, model_digest, &self.epoch_id);
        scrubbed(|| self.pair.sign(&message).as_ref().to_vec())
    }
}
