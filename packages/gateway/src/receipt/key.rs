//! The key of an epoch that signs receipts.

use blindllama_verifier::evidence::receipt;

use crate::failure::Failure;
use crate::signing::SigningKey;

/// Exists in memory only and is overwritten when dropped.
pub struct ReceiptKey {
    key: SigningKey,
    epoch_id: [u8; 16],
}

impl ReceiptKey {
    /// Makes the key of an epoch.
    ///
    /// # Errors
    /// As [`SigningKey::generate`].
    pub fn generate(epoch_id: [u8; 16]) -> Result<Self, Failure> {
        Ok(Self { key: SigningKey::generate()?, epoch_id })
    }

    /// The public half, for the claims.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        self.key.public()
    }

    /// Signs an exchange by its salted digests; returns `R || S`.
    ///
    /// # Errors
    /// As [`SigningKey::sign`].
    pub fn sign(&self, request: &[u8; 32], response: &[u8; 32], model_digest: &[u8]) -> Result<[u8; 64], Failure> {
        self.key.sign(&receipt::message(request, response, model_digest, &self.epoch_id))
    }
}
