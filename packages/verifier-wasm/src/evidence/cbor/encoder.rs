//! Writes deterministic CBOR.

use alloc::vec::Vec;

use super::{ARRAY, BYTES, MAP, TEXT, UINT};

/// What stands before a byte string of `length` bytes.
pub(crate) fn head_of_bytes(length: usize) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.head(BYTES, length as u64);
    encoder.finish()
}

/// Writes one item after another, each in its shortest form. Whoever begins a map writes its members in ascending order of their
/// keys, and of array or map as many as were said; [`Value`](super::Value) sees to it for values that are put together.
#[derive(Debug, Default)]
pub(crate) struct Encoder(Vec<u8>);

impl Encoder {
    fn head(&mut self, major: u8, argument: u64) {
        let bytes = argument.to_be_bytes();
        let (info, from) = match argument {
            0..24 => (argument as u8, 8),
            24..0x100 => (24, 7),
            0x100..0x1_0000 => (25, 6),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 0),
        };
        self.0.push(major << 5 | info);
        self.0.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }

    pub(crate) fn uint(&mut self, value: u64) {
        self.head(UINT, value);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Begins an array of `count` items.
    pub(crate) fn array(&mut self, count: usize) {
        self.head(ARRAY, count as u64);
    }

    /// Begins a map of `count` members.
    pub(crate) fn map(&mut self, count: usize) {
        self.head(MAP, count as u64);
    }

    /// Begins a member of a map, whose value is written next.
    pub(crate) fn member(&mut self, key: u64) -> &mut Self {
        self.uint(key);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}
