//! The decision over the other gateway: its evidence and a policy give a key, or nothing.

use std::sync::{Arc, Mutex, PoisonError};

use blindllama_verifier::Code;

use super::keys::Limited;
use crate::base64url;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::ohttp::suite::Suite;
use crate::random;
use crate::verification::{AttestedKey, Evidence, PeerPolicy, judge, suite_of};

/// Of the time for which a key is valid, the part in which no new request is sealed to it: one that is on its way must arrive.
const LAST_PART: u64 = 10;

/// A key that met the policy. There is no other way to one.
pub(super) struct Proven {
    pub(super) key: AttestedKey,
    pub(super) suite: Suite,
    /// Until when requests are sealed to it, in milliseconds since boot.
    until_ms: u64,
}

impl Limited for Proven {
    fn until_ms(&self) -> u64 {
        self.until_ms
    }
}

/// One request for evidence.
pub(super) struct EvidenceRequest {
    nonce: [u8; 32],
    /// In milliseconds since boot.
    at_ms: u64,
}

impl EvidenceRequest {
    /// The path of the request (PROTOCOL.md §2).
    pub(super) fn path(&self) -> String {
        format!("/blindllama/v1/evidence?nonce={}&v=1", base64url::encode(&self.nonce))
    }
}

/// Policy, and what verdicts gave to be remembered.
pub(crate) struct RelyingParty {
    policy: PeerPolicy,
    /// Kept as long as this process runs (PROTOCOL.md §20).
    state: Mutex<Vec<u8>>,
    clock: Arc<dyn Clock>,
}

impl RelyingParty {
    pub(crate) fn new(policy: &PeerPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy: policy.clone(), state: Mutex::default(), clock }
    }

    /// Begins a request for evidence.
    pub(super) fn ask(&self) -> Result<EvidenceRequest, Failure> {
        Ok(EvidenceRequest { nonce: random::bytes()?, at_ms: self.clock.boot_ms() })
    }

    /// Verifies `evidence`, which answers `request`.
    ///
    /// # Errors
    /// `request.upstream_unproven`, whose detail is the verifier's code and, for a person, where exactly.
    pub(super) fn judge(&self, evidence: &[u8], request: &EvidenceRequest) -> Result<Proven, Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let evidence = Evidence { bundle: evidence, nonce: &request.nonce, now_ms: self.clock.wall_ms() };
        let key = judge(&self.policy, evidence, &mut state)
            .map_err(|refusal| Failure::with(Code::REQUEST_UPSTREAM_UNPROVEN, refusal))?;
        let suite = suite_of(&key).ok_or(Failure::with(Code::GATEWAY_INTERNAL, "a suite that was not offered"))?;
        let valid_ms = key.valid_for_ms.saturating_sub(key.valid_for_ms / LAST_PART);
        Ok(Proven { suite, until_ms: request.at_ms.saturating_add(valid_ms), key })
    }
}
