//! Who may send requests, and how many (PROTOCOL.md §11.2).

use super::check::{Checked, distinct, invalid, size};
use super::{AccessSettings, file, shared};
use crate::hex::decode_32;
use crate::upstream::address::Address;

/// API keys (PROTOCOL.md §11.2): each request is compared with every one of them.
pub const MAX_ACCESS_KEYS: usize = 4096;

/// Keys and limits; None without keys. `out` gives the counter of the fleet its way out of an image.
///
/// # Errors
/// `config.invalid`.
pub(super) fn check(
    access: &file::Access,
    out: impl Fn(Address) -> Checked<Address>,
) -> Checked<Option<AccessSettings>> {
    let keys: Option<Vec<_>> = access.keys.iter().map(|text| decode_32(text)).collect();
    let Some(keys) = keys.filter(|keys| keys.len() <= MAX_ACCESS_KEYS && distinct(keys)) else {
        return invalid(
            "access.keys",
            "at most 4096 distinct SHA-256 of API keys, 32 bytes each in lower-case hexadecimal",
        );
    };
    let bounds = [
        access.requests_per_minute,
        access.streams,
        access.total_requests_per_minute,
        access.tokens_per_minute,
        access.total_tokens_per_minute,
    ];
    if keys.is_empty() {
        return if bounds.iter().all(|bound| *bound == 0) {
            shared::check(access, out).map(|_| None)
        } else {
            invalid("access.keys", "at least one, since there is a limit for each key; without keys nothing is counted")
        };
    }
    let bound = |member: &str, value: u64| (value != 0).then(|| size(member, value)).transpose();
    let count = |member: &str, value: u64| bound(member, value).map(|bound| bound.map(|bound| bound as u64));
    Ok(Some(AccessSettings {
        keys,
        requests: count("access.requests_per_minute", access.requests_per_minute)?,
        streams: bound("access.streams", access.streams)?,
        total_requests: count("access.total_requests_per_minute", access.total_requests_per_minute)?,
        tokens: count("access.tokens_per_minute", access.tokens_per_minute)?,
        total_tokens: count("access.total_tokens_per_minute", access.total_tokens_per_minute)?,
        shared: shared::check(access, out)?,
    }))
}
