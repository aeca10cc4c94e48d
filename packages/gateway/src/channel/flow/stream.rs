//! An answer of unknown kind and length, passed on as it comes.

use bytes::{Bytes, BytesMut};

use super::{Length, next_of_head};
use crate::channel::response_sealer::ResponseSealer;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;

/// Longest piece: with its two-byte length it fills a chunk.
const PIECE: usize = CHUNK_PLAINTEXT - 2;

pub(in crate::channel) struct Stream {
    head: Bytes,
    arrived: Bytes,
}

impl Stream {
    pub(super) const fn new(head: Bytes) -> Self {
        Self { head, arrived: Bytes::new() }
    }

    /// To be called when [`Self::next`] had no more.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.arrived = bytes;
    }

    pub(super) fn next(&mut self, sealer: &mut ResponseSealer, out: &mut BytesMut) -> Result<bool, Failure> {
        if next_of_head(&mut self.head, sealer, out)? {
            return Ok(true);
        }
        let piece = self.arrived.split_to(self.arrived.len().min(PIECE));
        if piece.is_empty() {
            return Ok(false);
        }
        sealer.seal(&[Length::of(piece.len()).as_ref(), &piece], out).map(|()| true)
    }
}
