//! From proven claims to the one key that requests are encrypted to (PROTOCOL.md §8, step `key`).

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::{
        bundle::Bundle,
        cbor::ErrorKind,
        claims::Claims,
        instance,
        key_config::{self, KeyConfig},
    },
    policy::{Policy, Suite},
    rejection::{Rejection, ensure},
    signature::ed25519,
    verdict::AttestedKey,
};

/// Claims together with the list of keys in them, each with its encoded form.
pub(crate) struct ReadClaims<'a> {
    pub(crate) claims: Claims<'a>,
    keys: Vec<(&'a [u8], KeyConfig<'a>)>,
}

impl<'a> ReadClaims<'a> {
    /// # Errors
    /// `claims.encoding`, `claims.schema`, `claims.version` or `claims.keys`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let claims = Claims::decode(bytes).map_err(|error| {
            let code = match error.kind {
                ErrorKind::Encoding => Code::CLAIMS_ENCODING,
                ErrorKind::Schema | ErrorKind::Size => Code::CLAIMS_SCHEMA,
                ErrorKind::Version => Code::CLAIMS_VERSION,
            };
            Rejection::at(code, error.member)
        })?;
        let keys = key_config::decode_list(claims.ohttp_keys).ok_or(Code::CLAIMS_KEYS)?;
        Ok(Self { claims, keys })
    }

    /// As [`Self::decode`], and two things more. The version is the highest that the gateway and whoever `asked` both speak: whoever is
    /// between them can remove a later one from the question, and not from the claims. The process that made the claims has the private
    /// half of the key that they name; claims that name none have no proof.
    ///
    /// # Errors
    /// `claims.instance_key` as well.
    pub(crate) fn proven(bundle: &Bundle<'a>, asked: &[u64]) -> Result<Self, Rejection> {
        let read = Self::decode(bundle.claims)?;
        let common = asked.iter().filter(|version| read.claims.versions.has(**version)).max();
        ensure(common == Some(&read.claims.version), Code::CLAIMS_VERSION)?;
        let is_proven = match (read.claims.instance_key, bundle.instance_proof) {
            (Some(key), Some(proof)) => ed25519::verifies(key, &instance::proof_message(bundle.claims), proof),
            (key, proof) => key.is_none() && proof.is_none(),
        };
        ensure(is_proven, Code::CLAIMS_INSTANCE_KEY)?;
        Ok(read)
    }

    /// The keys in list order, each with its encoded form.
    #[cfg(feature = "inspect")]
    pub(crate) fn keys(&self) -> &[(&'a [u8], KeyConfig<'a>)] {
        &self.keys
    }

    /// In list order the first key, and in it the first suite, that both policy and engine support.
    pub(crate) fn choose(&self, policy: &Policy, engine: &[Suite]) -> Result<AttestedKey, Rejection> {
        for (encoded, config) in &self.keys {
            for algorithms in &config.algorithms {
                let suite = Suite { kem_id: config.kem_id, kdf_id: algorithms.kdf_id, aead_id: algorithms.aead_id };
                if engine.contains(&suite) && policy.accepts_suite(suite) {
                    return Ok(AttestedKey {
                        instance: self.claims.instance.into(),
                        epoch_id: *self.claims.epoch_id,
                        key_config: (*encoded).into(),
                        key_id: config.key_id,
                        suite,
                        public_key: config.public_key.into(),
                        server_time_ms: self.claims.server_time_ms,
                        valid_for_ms: self.claims.lifetime_ms.min(policy.max_age_ms),
                    });
                }
            }
        }
        Err(Code::CLAIMS_SUITE.into())
    }
}
