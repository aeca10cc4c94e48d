//! The hashes of the banks that a log may carry.

use alloc::vec::Vec;

use crate::hash::HashAlgorithm;

/// TPM_ALG_SHA1: the one bank of the old format, for explanations by tools; no policy accepts it.
pub(super) const SHA1: u16 = 0x0004;

/// Length in bytes and name, by TPM_ALG_ID (TCG Algorithm Registry, table 3). A log may carry more than can be computed here.
static ALGORITHMS: [(u16, usize, &str); 8] = [
    (SHA1, 20, "sha1"),
    (0x000b, 32, "sha256"),
    (0x000c, 48, "sha384"),
    (0x000d, 64, "sha512"),
    (0x0012, 32, "sm3_256"),
    (0x0027, 32, "sha3_256"),
    (0x0028, 48, "sha3_384"),
    (0x0029, 64, "sha3_512"),
];

fn known(algorithm: u16) -> Option<(usize, &'static str)> {
    ALGORITHMS.iter().find(|(id, ..)| *id == algorithm).map(|(_, length, name)| (*length, *name))
}

pub(super) fn length(algorithm: u16) -> Option<usize> {
    Some(known(algorithm)?.0)
}

pub(super) fn name(algorithm: u16) -> Option<&'static str> {
    Some(known(algorithm)?.1)
}

/// The digest of the parts, one after the other; None for a hash that is not implemented.
pub(super) fn digest(algorithm: u16, parts: &[&[u8]]) -> Option<Vec<u8>> {
    #[cfg(any(test, feature = "sha1"))]
    if algorithm == SHA1 {
        use sha1::{Digest, Sha1};
        let mut hash = Sha1::new();
        parts.iter().for_each(|part| hash.update(part));
        return Some(hash.finalize().to_vec());
    }
    Some(HashAlgorithm::from_id(algorithm)?.digest(parts))
}
