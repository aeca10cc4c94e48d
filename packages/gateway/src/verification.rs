//! The one place where this gateway is a relying party: the verifier's decision over another gateway (PROTOCOL.md §25).

pub use blindllama_verifier::AttestedKey;
use blindllama_verifier::{Input, Suite as Numbers, Verdict, verify};
use serde_json::Value;

use crate::ohttp::suite::Suite;

/// What another gateway has to prove before it gets a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerPolicy {
    /// The text of the policy (PROTOCOL.md §7).
    pub text: String,
    /// The audience that its claims must name, where the policy names none.
    pub audience: String,
    /// Whether a simulated TPM may prove it, which proves nothing; the policy must accept it as well.
    pub allow_simulated: bool,
}

impl PeerPolicy {
    /// Whether the policy accepts neither a simulated TPM nor an upstream outside of the proof.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        let policy: Value = serde_json::from_str(&self.text).unwrap_or_default();
        // What a policy does not say it does not accept (PROTOCOL.md §7).
        let accepts = |member: &str, value: &str| {
            policy.get(member).and_then(Value::as_array).is_some_and(|list| list.iter().any(|each| each == value))
        };
        !(self.allow_simulated || accepts("acceptUpstream", "unattested") || accepts("acceptAssurance", "simulated"))
    }
}

/// Evidence, and what it answers.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The bundle as it was received (PROTOCOL.md §3).
    pub bundle: &'a [u8],
    /// The nonce that was made for it.
    pub nonce: &'a [u8; 32],
    /// The wall clock, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Verifies `evidence`. `state` is what earlier verdicts gave to be kept (PROTOCOL.md §20), and gets what this one gives.
///
/// # Errors
/// The verifier's code, and where exactly.
pub fn judge(policy: &PeerPolicy, evidence: Evidence<'_>, state: &mut Vec<u8>) -> Result<AttestedKey, String> {
    let (next_state, judged) = match verdict(policy, evidence, Some(state)) {
        Verdict::Passed { key, next_state, .. } => (next_state, Ok(key)),
        Verdict::Failed { code, detail, next_state, .. } => {
            let detail = if detail.is_empty() { code.to_string() } else { format!("{code}: {detail}") };
            (next_state, Err(detail))
        }
    };
    if let Some(next_state) = next_state {
        *state = next_state;
    }
    judged
}

/// Checks the text of a policy without any evidence.
///
/// # Errors
/// The verifier's code of what is wrong with it, and where exactly.
pub fn check_policy(policy: &PeerPolicy) -> Result<(), String> {
    let nothing = Evidence { bundle: &[], nonce: &[0; 32], now_ms: 0 };
    match verdict(policy, nothing, None) {
        Verdict::Failed { code, detail, .. } if code.as_str().starts_with("policy.") => {
            Err(format!("{code}: {} {detail}", code.sentence()).trim_end().to_owned())
        }
        _ => Ok(()),
    }
}

/// The suite that the verifier chose for `key`; None for one that this gateway did not offer.
#[must_use]
pub fn suite_of(key: &AttestedKey) -> Option<Suite> {
    Suite::ALL.into_iter().find(|suite| numbers(*suite) == key.suite)
}

fn verdict(policy: &PeerPolicy, evidence: Evidence<'_>, state: Option<&[u8]>) -> Verdict {
    verify(&Input {
        evidence: evidence.bundle,
        static_part: None,
        policy: policy.text.as_bytes(),
        audience: &policy.audience,
        nonce: evidence.nonce,
        now_ms: evidence.now_ms,
        allow_simulated: policy.allow_simulated,
        versions: &[1],
        suites: &Suite::ALL.map(numbers),
        state,
        receipt: None,
    })
}

fn numbers(suite: Suite) -> Numbers {
    let [kem_id, kdf_id, aead_id] = suite.numbers();
    Numbers { kem_id, kdf_id, aead_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_policy_that_proves_a_machine_and_its_upstream_is_strict() {
        let is_strict = |members: &str, allow_simulated| {
            let text = format!("{{\"version\":1{members}}}");
            PeerPolicy { text, audience: "a".into(), allow_simulated }.is_strict()
        };
        let hardware = r#","acceptAssurance":["hardware-tpm"]"#;
        assert!(is_strict(hardware, false));
        assert!(is_strict(&format!(r#"{hardware},"acceptUpstream":["in-image","attested"]"#), false));
        assert!(!is_strict(hardware, true));
        assert!(!is_strict(&format!(r#"{hardware},"acceptUpstream":["unattested"]"#), false));
        assert!(!is_strict(r#","acceptAssurance":["hardware-tpm","simulated"]"#, false));
        assert!(is_strict("", false));
    }
}
