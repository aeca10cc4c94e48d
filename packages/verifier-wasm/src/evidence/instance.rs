//! What ties claims, and PCRs, to one process of the gateway and to its configuration (PROTOCOL.md §5.1, §7.2).

use alloc::vec::Vec;

use super::length_prefix::length_prefixed;
use crate::hash::sha256;

/// What the instance key signs, so that no other process can name the key in claims of its own:
/// `LP("blindllama/instance-proof/v1") || LP(H(claims))`, `claims` encoded as they travel.
#[must_use]
pub fn proof_message(claims: &[u8]) -> Vec<u8> {
    length_prefixed(&[b"blindllama/instance-proof/v1", &sha256(&[claims])])
}

/// The event that is measured into PCR 15 once, at the start of the process: `LP("blindllama/instance/v1") || LP(instance_key)`.
#[must_use]
pub fn instance_event(instance_key: &[u8; 32]) -> Vec<u8> {
    length_prefixed(&[b"blindllama/instance/v1", instance_key])
}

/// The event that is measured into PCR 14 once, before the gateway starts: `LP("blindllama/config/v1") || LP(config_digest)`.
#[must_use]
pub fn config_event(config_digest: &[u8; 32]) -> Vec<u8> {
    length_prefixed(&[b"blindllama/config/v1", config_digest])
}
