//! SHA-2 (FIPS 180-4), over input that is given in parts so that nothing is copied together first.

use sha2::{Digest, Sha256};

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}
