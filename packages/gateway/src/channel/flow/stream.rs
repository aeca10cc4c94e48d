//! An answer of unknown kind and length, passed on as it comes.

use bytes::Bytes;

use super::{length_of, next_of_head};
use crate::channel::outlet::Outlet;
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

    pub(super) fn next(&mut self, outlet: &mut Outlet) -> Result<Option<Bytes>, Failure> {
        if let Some(chunk) = next_of_head(&mut self.head, outlet)? {
            return Ok(Some(chunk));
        }
        let piece = self.arrived.split_to(self.arrived.len().min(PIECE));
        if piece.is_empty() { Ok(None) } else { outlet.seal(&[&length_of(piece.len()), &piece]).map(Some) }
    }
}
