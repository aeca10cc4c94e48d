//! The settings of an upstream that is a gateway itself.

use blindllama_verifier::Code;
use blindllama_verifier::evidence::claims::Upstream;

use super::{ServerSettings, file};
use crate::failure::Failure;
use crate::upstream::address::Address;
use crate::verification::{PeerPolicy, check_policy};

/// What the upstream has to prove; None unless it is to be proven.
///
/// # Errors
/// `config.invalid`: a setting is missing, is of no use here, or is no policy.
pub(super) fn check(
    kind: Upstream,
    upstream: &file::Upstream,
    servers: &[ServerSettings],
) -> Result<Option<PeerPolicy>, Failure> {
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
    if servers.iter().any(|server| matches!(server.address, Address::Unix(_))) {
        return invalid(
            "upstream.url",
            "an attested upstream is another gateway, at \"http://host:port\", \"h2c://host:port\" or \"https://host:port\"",
        );
    }
    if upstream.policy.is_empty() {
        return invalid("upstream.policy", "the text of a policy is missing, which an attested upstream must meet");
    }
    if !matches!(upstream.audience.len(), 1..=255) {
        return invalid("upstream.audience", "one of the audiences of the upstream, 1 to 255 bytes");
    }
    let policy = PeerPolicy {
        text: upstream.policy.clone(),
        audience: upstream.audience.clone(),
        allow_simulated: upstream.allow_simulated,
    };
    match check_policy(&policy) {
        Ok(()) => Ok(Some(policy)),
        Err(why) => invalid("upstream.policy", &why),
    }
}
