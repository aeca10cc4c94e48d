//! What a request for enrolment signs (PROTOCOL.md §22.1).

use alloc::vec::Vec;

use super::length_prefix::length_prefixed;

/// Separates these signatures from all others by the same key.
const CONTEXT: &[u8] = b"blindllama/enrol/v1";

/// The signed bytes; `activation` are template, credential and secret, empty where the request asks for a description.
#[must_use]
pub fn message(challenge: &[u8; 32], [template, credential, secret]: [&[u8]; 3]) -> Vec<u8> {
    length_prefixed(&[CONTEXT, challenge, template, credential, secret])
}
