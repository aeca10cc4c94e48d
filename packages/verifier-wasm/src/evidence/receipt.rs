//! What a gateway signs when it gives a receipt (PROTOCOL.md §21).

use alloc::vec::Vec;

use super::length_prefix::length_prefixed;

/// Keeps these signatures apart from every other one that the key could be asked for.
const DOMAIN: &[u8] = b"blindllama/receipt/v1";

/// `LP("blindllama/receipt/v1") || LP(request) || LP(response) || LP(modelDigest) || LP(epoch_id)`, the digests of request and
/// response being salted; `LP(x) = u32be(len(x)) || x`.
#[must_use]
pub fn message(request: &[u8; 32], response: &[u8; 32], model_digest: &[u8], epoch_id: &[u8; 16]) -> Vec<u8> {
    length_prefixed(&[DOMAIN, request, response, model_digest, epoch_id])
}
