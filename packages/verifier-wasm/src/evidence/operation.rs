//! What a request of an operator signs (PROTOCOL.md §26.1).

use alloc::vec::Vec;

use super::length_prefix::length_prefixed;

/// Separates these signatures from all others by the same key.
const CONTEXT: &[u8] = b"blindllama/operate/v1";

/// The signed bytes, over the SHA-256 of the content.
#[must_use]
pub fn message(challenge: &[u8; 32], content_sha256: &[u8; 32]) -> Vec<u8> {
    length_prefixed(&[CONTEXT, challenge, content_sha256])
}
