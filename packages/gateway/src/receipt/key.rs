//! The key of an epoch that signs receipts: Ed25519 (RFC 8032 §5.1).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_verifier::{Code, evidence::receipt};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Exists in memory only and is overwritten when dropped, by AWS-LC as all that it frees; there is no way to import or export one.
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
        let mut seed = Zeroizing::new([0; 32]);
        crate::random::fill(seed.as_mut_slice())?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        Ok(Self { pair: pair.map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))?, epoch_id })
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
        self.pair.sign(&receipt::message(request, response, model_digest, &self.epoch_id)).as_ref().to_vec()
    }
}
