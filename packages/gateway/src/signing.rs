//! Signing keys of the gateway: Ed25519 (RFC 8032 §5.1).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_verifier::Code;

use crate::failure::Failure;
use crate::scrub::scrubbed;

/// Exists in memory only, where AWS-LC made it, and is overwritten when dropped, by AWS-LC as all that it frees; there is no way to import or
/// export one.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl SigningKey {
    /// Makes a key from the system's random numbers.
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn generate() -> Result<Self, Failure> {
        let internal = || Failure::with(Code::GATEWAY_INTERNAL, "a signing key");
        let pair = scrubbed(|| Ed25519KeyPair::generate().ok()).ok_or_else(internal)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| internal())?;
        Ok(Self { pair, public })
    }

    /// The public half, for the claims.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Signs a message; returns `R || S`.
    ///
    /// # Errors
    /// `gateway.internal`: cannot happen with this algorithm.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], Failure> {
        let signature = scrubbed(|| self.pair.sign(message).as_ref().try_into().ok());
        signature.ok_or(Failure::with(Code::GATEWAY_INTERNAL, "a signature"))
    }
}
