//! What is remembered of signed documents about releases.

use crate::evidence::cbor::{Decoder, Encoder};

/// What signatures proved under a set of keys that a policy names: each of its numbers only rises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawn {
    /// Id of the set: that of `releaseKeys`, or of the policy's `status.signers`.
    pub(super) keys: [u8; 32],
    /// The highest `minVersion` that was signed; 0 where none was.
    pub(crate) floor: u64,
    /// The newest date of a status, in milliseconds since 1970; 0 where none was seen.
    pub(crate) date_ms: u64,
    /// Id of the last successor of the set, or of the set itself.
    pub(crate) current: [u8; 32],
}

impl Withdrawn {
    pub(super) fn read(decoder: &mut Decoder<'_>) -> Self {
        decoder.map(|map| Self {
            keys: *map.required(0, "keys").array_of_bytes(),
            floor: map.required(1, "floor").uint(),
            date_ms: map.required(2, "date").uint(),
            current: *map.required(3, "current").array_of_bytes(),
        })
    }

    pub(super) fn write(&self, out: &mut Encoder) {
        out.map(4);
        out.member(0).bytes(&self.keys);
        out.member(1).uint(self.floor);
        out.member(2).uint(self.date_ms);
        out.member(3).bytes(&self.current);
    }
}
