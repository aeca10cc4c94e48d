//! Cuts an answer into the pieces that become chunks: Server-Sent Events one by one, anything else as it comes.

use std::mem::take;

use bytes::{Bytes, BytesMut};

/// Longest piece: with its two-byte length in Binary HTTP it fills a chunk.
pub const PIECE: usize = crate::ohttp::CHUNK_PLAINTEXT - 2;

/// What to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `text/event-stream`: each event with the blank line behind it (HTML §9.2.5), at once.
    Events,
    /// Anything else.
    Bytes,
}

/// Takes bytes as they arrive and gives pieces of at most [`PIECE`] bytes, whose concatenation is what arrived.
pub struct Cutter {
    kind: Kind,
    held: BytesMut,
    /// How much of `held` is scanned.
    scanned: usize,
    /// Whether the next byte begins a line.
    line_start: bool,
    /// Whether the byte before was a CR, to which an LF belongs.
    after_return: bool,
    /// Whether that CR ended a blank line, and so an event.
    ended: bool,
}

impl Cutter {
    /// A cutter for one answer.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, held: BytesMut::new(), scanned: 0, line_start: true, after_return: false, ended: false }
    }

    /// Adds bytes of the answer.
    pub fn push(&mut self, bytes: &Bytes) {
        self.held.extend_from_slice(bytes);
    }

    /// The next piece that need not wait for more bytes.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let end = match self.kind {
            Kind::Bytes => None,
            Kind::Events => self.event_end(),
        };
        match (end, self.kind) {
            (Some(end), _) => Some(self.take(end)),
            (None, Kind::Events) if self.held.len() < PIECE => None,
            (None, _) if self.held.is_empty() => None,
            // No event is this long: its parts travel as they are.
            (None, _) => Some(self.take(self.held.len().min(PIECE))),
        }
    }

    /// The next piece when no more bytes will come.
    pub fn rest(&mut self) -> Option<Bytes> {
        if self.held.is_empty() { None } else { Some(self.take(self.held.len().min(PIECE))) }
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.scanned = self.scanned.saturating_sub(length);
        self.held.split_to(length).freeze()
    }

    /// Scans on to the end of the event, if it is there within one piece.
    fn event_end(&mut self) -> Option<usize> {
        while let Some(&byte) = self.held.get(self.scanned).filter(|_| self.scanned < PIECE) {
            let ended = take(&mut self.ended);
            let after_return = take(&mut self.after_return);
            if ended && byte != b'\n' {
                return Some(self.scanned);
            }
            self.scanned = self.scanned.saturating_add(1);
            match byte {
                b'\n' if after_return && !ended => {}
                b'\n' if self.line_start => return Some(self.scanned),
                b'\n' => self.line_start = true,
                b'\r' => {
                    self.ended = self.line_start;
                    self.after_return = true;
                    self.line_start = true;
                }
                _ => self.line_start = false,
            }
        }
        // With its CR the event is complete; an LF that may follow leads the next piece.
        take(&mut self.ended).then_some(self.scanned)
    }
}

#[cfg(test)]
mod tests;
