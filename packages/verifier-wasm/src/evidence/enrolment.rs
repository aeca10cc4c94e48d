//! What a request for enrolment signs (PROTOCOL.md §22.1).

use alloc::vec::Vec;

use super::length_prefix::length_prefixed;

/// Separates these signatures from all others by the same key.
const CONTEXT: &[u8] = b"blindllama/enrol/v1";

/// The same for certificates that are installed: their number is open, so their context is another.
const CHAIN_CONTEXT: &[u8] = b"blindllama/enrol-chain/v1";

/// The signed bytes; `activation` are template, credential and secret, empty where the request asks for a description.
#[must_use]
pub fn message(challenge: &[u8; 32], [template, credential, secret]: [&[u8]; 3]) -> Vec<u8> {
    length_prefixed(&[CONTEXT, challenge, template, credential, secret])
}

/// The signed bytes of a request that installs certificates, leaf to root.
#[must_use]
pub fn chain_message<'a>(challenge: &'a [u8; 32], chain: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let parts: Vec<&[u8]> = [CHAIN_CONTEXT, challenge].into_iter().chain(chain).collect();
    length_prefixed(&parts)
}
