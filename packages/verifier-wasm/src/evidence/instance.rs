//! What ties claims, and PCRs, to one process of the gateway and to its configuration (PROTOCOL.md §5, §7.1).

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::HashAlgorithm;

    /// PROTOCOL.md §24.1; the values were computed by another implementation (Python's hashlib).
    #[test]
    fn worked_examples_of_the_specification() {
        let value = core::array::from_fn(|i| i as u8);
        for (event, expected) in [
            (config_event(&value), "fdb6fe7fde2629a86162d114cb5028f1ae0219d4f2a358687525eea6c30e97fd"),
            (instance_event(&value), "a36c7f38e6c510dd6cfa2677e5028435e352c30b02876c215c69472b36102d14"),
        ] {
            let measured = HashAlgorithm::Sha256.digest(&[&event]);
            let extended = HashAlgorithm::Sha256.digest(&[&[0; 32], &measured]);
            let hex: alloc::string::String = extended.iter().map(|byte| alloc::format!("{byte:02x}")).collect();
            assert_eq!(hex, expected);
        }
    }
}
