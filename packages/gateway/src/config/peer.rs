//! The settings of an upstream that is a gateway itself.

use blindllama_verifier::evidence::claims::Upstream;
use blindllama_verifier::{Code, Input, Verdict, verify};

use super::{PeerSettings, file};
use crate::failure::Failure;
use crate::ohttp::suite::Suite;
use crate::upstream::address::Address;

/// What the upstream has to prove; None unless it is to be proven.
///
/// # Errors
/// `config.invalid`: a setting is missing, is of no use here, or is no policy.
pub(super) fn check(
    kind: Upstream,
    upstream: &file::Upstream,
    address: &Address,
) -> Result<Option<PeerSettings>, Failure> {
    let invalid = |member: &str, why: &str| Err(Failure::with(Code::CONFIG_INVALID, format!("{member}: {why}")));
    if kind != Upstream::Attested {
        // A policy that nobody applies would only look like protection.
        return match [&upstream.policy, &upstream.audience].iter().all(|text| text.is_empty()) {
            true if !upstream.allow_simulated => Ok(None),
            _ => invalid(
                "upstream.policy",
                "upstream.policy, upstream.audience and upstream.allow_simulated need upstream.kind = \"attested\"",
            ),
        };
    }
    if matches!(address, Address::Unix(_)) {
        return invalid(
            "upstream.url",
            "an attested upstream is another gateway, at \"http://host:port\" or \"h2c://host:port\"",
        );
    }
    if upstream.policy.is_empty() {
        return invalid("upstream.policy", "the text of a policy is missing, which an attested upstream must meet");
    }
    if !matches!(upstream.audience.len(), 1..=255) {
        return invalid("upstream.audience", "one of the audiences of the upstream, 1 to 255 bytes");
    }
    if let Err(why) = check_policy(&upstream.policy, &upstream.audience) {
        return invalid("upstream.policy", &why);
    }
    Ok(Some(PeerSettings {
        policy: upstream.policy.clone(),
        audience: upstream.audience.clone(),
        allow_simulated: upstream.allow_simulated,
    }))
}

/// Checks the text of a policy without any evidence; returns what is wrong with it.
fn check_policy(policy: &str, audience: &str) -> Result<(), String> {
    let verdict = verify(&Input {
        evidence: &[],
        static_part: None,
        policy: policy.as_bytes(),
        audience,
        nonce: &[0; 32],
        now_ms: 0,
        allow_simulated: true,
        versions: &[1],
        suites: &Suite::ALL.map(Into::into),
        state: None,
        receipt: None,
    });
    match verdict {
        Verdict::Failed { code, detail, .. } if code.as_str().starts_with("policy.") => {
            Err(format!("{code}: {} {detail}", code.sentence()).trim_end().to_owned())
        }
        _ => Ok(()),
    }
}
