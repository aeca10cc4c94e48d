//! Cuts a stream of Server-Sent Events (HTML §9.2.5, §9.2.6) into its events, each as soon as it is whole.

use std::mem::take;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a stream that travel together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As they came.
    pub bytes: Bytes,
    /// Where in them a line begins that is not the first of a carriage return's pair: a comment may be put there, and every parser
    /// reads the same events. None where the piece is the inside of a longer event.
    pub gap: Option<usize>,
}

/// What stands before the bytes that are held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: a byte order mark may begin the stream.
    Nothing,
    /// The end of a line.
    Line,
    /// A CR, which ended a line; an LF that follows belongs to it.
    Return,
    /// The inside of an event.
    Part,
}

/// Takes bytes as they arrive and gives pieces of a longest length, whose concatenation is what arrived.
pub struct Cutter {
    longest: usize,
    held: BytesMut,
    before: Before,
    /// How much of `held` is scanned.
    scanned: usize,
    /// Where in `held` the line begins that is scanned now.
    line: usize,
    /// Where the blank line begins that ends the event.
    blank: usize,
    /// Whether the next byte begins a line.
    line_start: bool,
    /// Whether the byte before was a CR, to which an LF belongs.
    after_return: bool,
    /// Whether that CR ended a blank line, and so an event.
    ended: bool,
}

impl Cutter {
    /// A cutter for one answer, into pieces of at most `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self {
            longest,
            held: BytesMut::new(),
            before: Before::Nothing,
            scanned: 0,
            line: 0,
            blank: 0,
            line_start: true,
            after_return: false,
            ended: false,
        }
    }

    /// Adds bytes of the answer.
    pub fn push(&mut self, bytes: &Bytes) {
        self.held.extend_from_slice(bytes);
    }

    /// The next event with the blank line behind it, or part of one that is longer than a piece; None until more bytes are pushed.
    pub fn next_piece(&mut self) -> Option<Piece> {
        match self.event_end() {
            Some(end) => {
                let gap = Some(self.blank);
                let before = if self.after_return { Before::Return } else { Before::Line };
                Some(self.take(end, gap, before))
            }
            None if self.held.len() < self.longest => None,
            None => Some(self.take(self.longest, None, Before::Part)),
        }
    }

    /// What is left when no more bytes will come: no whole event, and less than a piece.
    pub fn rest(&mut self) -> Option<Piece> {
        let gap = match (self.before, self.held.first()?) {
            (Before::Nothing, _) if self.held.starts_with(BYTE_ORDER_MARK) => Some(BYTE_ORDER_MARK.len()),
            (Before::Return, b'\n') => Some(1),
            (Before::Part, _) => None,
            _ => Some(0),
        };
        Some(self.take(self.held.len(), gap, Before::Part))
    }

    fn take(&mut self, length: usize, gap: Option<usize>, before: Before) -> Piece {
        self.before = before;
        for position in [&mut self.scanned, &mut self.line, &mut self.blank] {
            *position = position.saturating_sub(length);
        }
        // What is split keeps its memory, and the text in it, as long as the stream.
        let bytes = if length == self.held.len() { take(&mut self.held) } else { self.held.split_to(length) };
        Piece { bytes: bytes.freeze(), gap }
    }

    /// Where the line ends that is scanned now, or what is there of it.
    fn line_end(&self) -> usize {
        let rest = self.held.get(self.scanned..self.held.len().min(self.longest)).unwrap_or_default();
        memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()).saturating_add(self.scanned)
    }

    /// Scans on to the end of the event, if it is there within one piece.
    fn event_end(&mut self) -> Option<usize> {
        while let Some(&byte) = self.held.get(self.scanned).filter(|_| self.scanned < self.longest) {
            let ended = take(&mut self.ended);
            let after_return = take(&mut self.after_return);
            if ended && byte != b'\n' {
                return Some(self.scanned);
            }
            let line = self.line;
            self.scanned = self.scanned.saturating_add(1);
            match byte {
                b'\n' if ended => {
                    self.line = self.scanned;
                    return Some(self.scanned);
                }
                b'\n' if after_return => self.line = self.scanned,
                b'\n' => {
                    self.line = self.scanned;
                    if self.line_start {
                        self.blank = line;
                        return Some(self.scanned);
                    }
                    self.line_start = true;
                }
                b'\r' => {
                    self.line = self.scanned;
                    if self.line_start {
                        self.blank = line;
                    }
                    self.ended = self.line_start;
                    self.after_return = true;
                    self.line_start = true;
                }
                _ => {
                    self.line_start = false;
                    self.scanned = self.line_end();
                }
            }
        }
        // With its CR the event is complete; an LF that may follow leads the next piece.
        take(&mut self.ended).then_some(self.scanned)
    }
}

#[cfg(test)]
mod tests;
