//! Encapsulated keys that already arrived (RFC 9458 §6.5.1): each opens one request, for as long as its channel key lives.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::digest::fingerprint;

/// What became of an encapsulated key that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Never seen; it is remembered now.
    First,
    /// Seen before.
    Again,
    /// No room: whether it was seen does not matter, it opens nothing.
    Full,
}

/// The memory of one channel key. Nothing is ever evicted.
pub struct ReplaySet {
    capacity: usize,
    seen: Mutex<HashSet<[u8; 16]>>,
}

impl ReplaySet {
    /// A memory for at most `capacity` encapsulated keys.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::new(HashSet::new()) }
    }

    /// Remembers `encapsulated`, which must have opened a chunk already: a key that opens nothing must not use up room,
    /// and a forged copy must not keep the genuine one out.
    pub fn arrive(&self, encapsulated: &[u8]) -> Arrival {
        let fingerprint = fingerprint(encapsulated);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&fingerprint) {
            Arrival::Again
        } else if seen.len() >= self.capacity {
            Arrival::Full
        } else {
            seen.insert(fingerprint);
            Arrival::First
        }
    }

    /// Whether half of the room is used: time for the next epoch, while requests to this key still find room.
    pub fn is_half_full(&self) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len() >= self.capacity.div_ceil(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let set = ReplaySet::new(8);
        assert_eq!(set.arrive(b"a"), Arrival::First);
        assert_eq!(set.arrive(b"b"), Arrival::First);
        assert_eq!(set.arrive(b"a"), Arrival::Again);
    }

    #[test]
    fn a_full_set_evicts_nothing_and_admits_nothing() {
        let set = ReplaySet::new(3);
        assert!(!set.is_half_full());
        assert_eq!([b"a", b"b"].map(|key| set.arrive(key)), [Arrival::First; 2]);
        assert!(set.is_half_full());
        assert_eq!(set.arrive(b"c"), Arrival::First);
        assert_eq!(set.arrive(b"d"), Arrival::Full);
        assert_eq!(set.arrive(b"a"), Arrival::Again);
        assert_eq!(set.arrive(b"d"), Arrival::Full, "the refused one was not remembered");
    }
}
