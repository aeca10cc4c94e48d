//! What the gateway says of itself (PROTOCOL.md §4), and what the key of this process signs of it (§5).

use std::sync::Arc;

use blindllama_verifier::Code;
use blindllama_verifier::evidence::VERSION;
use blindllama_verifier::evidence::claims::{Claims, PromptCache, Upstream, Versions};
use blindllama_verifier::evidence::instance::proof_message;

use super::epoch::Epochs;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::signing::SigningKey;

/// Everything that claims are made from.
pub struct ClaimsSource {
    /// Names of the service.
    pub audiences: Vec<String>,
    /// Path segment of this process.
    pub instance: String,
    /// SHA-256 of the settings (PROTOCOL.md §12).
    pub config_digest: [u8; 32],
    /// Where plaintext goes.
    pub upstream: Upstream,
    /// What the model server keeps of prompts.
    pub prompt_cache: PromptCache,
    /// The channel keys.
    pub epochs: Arc<Epochs>,
    /// The key of this process, which signs the claims: no other process can name it in claims of its own.
    pub instance_key: SigningKey,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

impl ClaimsSource {
    /// The encoded claims of this moment.
    ///
    /// # Errors
    /// `gateway.internal` when they would not decode, which the checks of the configuration rule out.
    pub fn encode(&self) -> Result<Vec<u8>, Failure> {
        let epoch = self.epochs.current()?;
        let claims = Claims {
            version: VERSION,
            audiences: self.audiences.iter().map(String::as_str).collect(),
            instance: &self.instance,
            ohttp_keys: &epoch.key_list,
            epoch_id: &epoch.id,
            lifetime_ms: epoch.lifetime_ms,
            server_time_ms: self.clock.wall_ms(),
            config_digest: &self.config_digest,
            upstream: self.upstream,
            receipt_key: Some(&epoch.receipt_key),
            instance_key: Some(self.instance_key.public()),
            versions: Versions::of(&[VERSION]),
            prompt_cache: self.prompt_cache,
        };
        claims.encode().ok_or(Failure::with(Code::GATEWAY_INTERNAL, "claims"))
    }

    /// Signature of this process over claims that [`Self::encode`] made.
    ///
    /// # Errors
    /// As [`SigningKey::sign`].
    pub fn prove(&self, claims: &[u8]) -> Result<[u8; 64], Failure> {
        self.instance_key.sign(&proof_message(claims))
    }
}
