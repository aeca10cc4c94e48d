//! How parts are put together before they are hashed or signed, so that no other parts give the same bytes.

use alloc::vec::Vec;

/// `LP(x) = u32be(len(x)) || x` of each part, one after the other (PROTOCOL.md §5, §19.1, §21).
pub(crate) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(&(part.len() as u32).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
