//! The one place where this gateway asks for the verifier's decision: over another gateway, whose relying party it is (PROTOCOL.md §25), and
//! over a chain of certificates that it is about to show to every client (§22.1).

pub use blindllama_verifier::AttestedKey;
use blindllama_verifier::{Code, Input, Suite as Numbers, Verdict, judge_chain as judge_chain_at, verify};
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

/// How far the clocks of a gateway and of its clients may be apart (PROTOCOL.md §22.1), in milliseconds.
const CLOCK_TOLERANCE_MS: u64 = 300_000;

/// Whether clients that pin the last certificate of `chain` (DER, leaf to root) accept it for the key with this TPMT_PUBLIC: at `now_ms`, or
/// with a clock that is five minutes behind or ahead.
///
/// # Errors
/// The verifier's code, its sentence, and which certificate.
pub fn judge_chain(ak_public: &[u8], chain: &[&[u8]], now_ms: u64) -> Result<(), String> {
    let at = |now_ms| judge_chain_at(ak_public, chain, now_ms);
    let (code, place) = match at(now_ms) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    let other_clock = match code {
        Code::CHAIN_NOT_YET_VALID => now_ms.saturating_add(CLOCK_TOLERANCE_MS),
        Code::CHAIN_EXPIRED => now_ms.saturating_sub(CLOCK_TOLERANCE_MS),
        _ => now_ms,
    };
    if other_clock != now_ms && at(other_clock).is_ok() {
        return Ok(());
    }
    let place = if place.is_empty() { "certificate 0" } else { &place };
    Err(format!("{place}: {code}: {}", code.sentence()))
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
    use blindllama_testkit::certificates::{self, Chain, Draft, purposes, tag, tlv};
    use blindllama_testkit::keys::Key;

    use super::*;

    /// 2.23.133.8.3 and .1
    const ATTESTATION_KEY: &[u8] = b"\x67\x81\x05\x08\x03";
    const ENDORSEMENT_KEY: &[u8] = b"\x67\x81\x05\x08\x01";

    /// 2026-07-01T00:00:00Z
    const NOW_MS: u64 = 1_782_864_000_000;

    /// A leaf, an authority and a root, one of them changed, valid in 2025 and 2026.
    fn chain(index: usize, change: impl FnOnce(&mut Draft)) -> Vec<Vec<u8>> {
        let mut chain = Chain::new(1);
        chain.0[0].extensions.push(purposes(&[ATTESTATION_KEY]));
        change(&mut chain.0[index]);
        chain.signed()
    }

    /// As by a gateway whose key is that of the leaf.
    fn judged(chain: &[Vec<u8>], now_ms: u64) -> Result<(), String> {
        let ak_public = Key::Ecc(certificates::key(1)).public_area().encode();
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        judge_chain(&ak_public, &chain, now_ms)
    }

    fn refused(chain: &[Vec<u8>], reason: &str) {
        let judged = judged(chain, NOW_MS).unwrap_err();
        assert!(judged.starts_with(&format!("{reason}: ")), "{reason}: {judged}");
    }

    #[test]
    fn a_chain_is_judged_as_clients_judge_it() {
        let good = chain(0, |_| {});
        assert_eq!(judged(&good, NOW_MS), Ok(()));
        for (index, name) in ["certificate 0", "certificate 1", "certificate 2"].into_iter().enumerate() {
            let mut forged = good.clone();
            *forged[index].last_mut().unwrap() ^= 1;
            refused(&forged, &format!("{name}: chain.signature"));
        }
        let [leaf, authority, root] = good.try_into().unwrap();
        refused(&[leaf.clone(), root.clone(), authority.clone()], "certificate 2: chain.issuer");
        refused(&[authority.clone(), leaf.clone(), root.clone()], "certificate 1: chain.issuer");
        refused(&[leaf, root], "certificate 0: chain.issuer");
        let others = |draft: &mut Draft| draft.key_info = certificates::key_info(&certificates::key(9));
        refused(&chain(0, others), "certificate 0: chain.key_mismatch");
        let no_authority = |draft: &mut Draft| draft.extensions[0] = certificates::basic_constraints(false, None);
        refused(&chain(1, no_authority), "certificate 1: chain.not_ca");
        for other in [&[ENDORSEMENT_KEY][..], &[ATTESTATION_KEY, ENDORSEMENT_KEY]] {
            refused(&chain(0, |leaf| leaf.extensions[2] = purposes(other)), "certificate 0: chain.leaf_purpose");
        }
        refused(&[], "certificate 0: chain.length");
    }

    #[test]
    fn clocks_may_be_five_minutes_apart() {
        let at = |text: &str| tlv(tag::UTC_TIME, text);
        let ended = |time: &str| chain(0, |leaf| leaf.not_after = at(time));
        assert_eq!(judged(&ended("260630235500Z"), NOW_MS), Ok(()));
        refused(&ended("260630235459Z"), "certificate 0: chain.expired");
        let to_begin = |time: &str| chain(0, |leaf| leaf.not_before = at(time));
        assert_eq!(judged(&to_begin("260701000500Z"), NOW_MS), Ok(()));
        refused(&to_begin("260701000501Z"), "certificate 0: chain.not_yet_valid");
        let mut forged = ended("260630235500Z");
        *forged[0].last_mut().unwrap() ^= 1;
        refused(&forged, "certificate 0: chain.expired");
    }

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
