//! What a quote covers besides the measurements: a fresh nonce and the claims (PROTOCOL.md §5).

use super::length_prefix::length_prefixed;
use crate::hash::sha256;

const DOMAIN: &[u8] = b"blindllama/tpm-quote/v1";

/// `extraData` (TPMS_ATTEST, TPM 2.0 Part 2 §10.12.12) of a quote over the tree of nonces with `root` and over `claims`,
/// the encoded claims as they travel:
/// `H( LP("blindllama/tpm-quote/v1") || LP(root) || LP(H(claims)) )` with `LP(x) = u32be(len(x)) || x`.
#[must_use]
pub fn extra_data(root: &[u8; 32], claims: &[u8]) -> [u8; 32] {
    sha256(&[&length_prefixed(&[DOMAIN, root, &sha256(&[claims])])])
}

#[cfg(test)]
mod tests {
    use super::extra_data;
    use crate::{evidence::nonce_tree, hash::sha256};

    /// PROTOCOL.md §5; the values were computed by another implementation (Python's hashlib).
    #[test]
    fn worked_example_of_the_specification() {
        let nonce = core::array::from_fn(|i| i as u8);
        let sibling = core::array::from_fn(|i| 0x20 + i as u8);
        let root = nonce_tree::root_from_path(&nonce, 1, &[&sibling]).unwrap();
        assert_eq!(hex(&root), "676daa5ae8e21fed44af1e7b94fd1beb69932fe16823acbf97c51d95e70cce4f");
        assert_eq!(hex(&sha256(&[&[0xa0]])), "c19a797fa1fd590cd2e5b42d1cf5f246e29b91684e2f87404b81dc345c7a56a0");
        assert_eq!(
            hex(&extra_data(&root, &[0xa0])),
            "0a2658e3ea025ce144375b376d4036980dba5348a093dad935f77c55b4f65ec2"
        );
    }

    fn hex(bytes: &[u8]) -> alloc::string::String {
        bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }
}
