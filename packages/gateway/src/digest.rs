//! SHA-256 and what is derived from it here.

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}

/// The first half of the SHA-256: enough to recognise a value in a set whose members their senders choose at random.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> [u8; 16] {
    sha256(bytes).first_chunk().copied().unwrap_or_default()
}
