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
    /// Where in them no event is open: before an event, or behind the last part of a long one and behind a first one with a byte order mark. A comment with a blank line may be put
    /// there, and every reader finds the same events. None where the piece is the inside of a longer event.
    pub gap: Option<usize>,
    /// How the stream ends its lines, for what is put there: readers that know one end of lines alone are common.
    pub line_end: LineEnd,
}

/// What ends a line (HTML §9.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// LF.
    Feed,
    /// CR, LF.
    Both,
    /// CR.
    Return,
}

impl LineEnd {
    /// The end of the line behind which a blank line stands.
    #[must_use]
    pub const fn twice(self) -> &'static [u8] {
        match self {
            Self::Feed => b"\n\n",
            Self::Both => b"\r\n\r\n",
            Self::Return => b"\r\r",
        }
    }

    /// The first end of a line in `bytes`.
    fn first_in(bytes: &[u8]) -> Option<Self> {
        let at = memchr2(b'\n', b'\r', bytes)?;
        Some(match (bytes.get(at), bytes.get(at.saturating_add(1))) {
            (Some(b'\n'), _) => Self::Feed,
            (_, Some(b'\n')) => Self::Both,
            _ => Self::Return,
        })
    }
}

/// Names of the fields of an event (HTML §9.2.6).
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// Whether a body that begins with `bytes` is a stream of events at all, and not something else under its name, as JSON: its first line
/// that is not blank is a comment or a field. None where more bytes must be seen.
#[must_use]
pub fn are_events(bytes: &[u8]) -> Option<bool> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let start = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    let line = bytes.get(start..).unwrap_or_default();
    match line.iter().position(|byte| matches!(byte, b':' | b'\n' | b'\r')) {
        Some(end) => Some(end == 0 || line.get(..end).is_some_and(|name| FIELDS.contains(&name))),
        None if BYTE_ORDER_MARK.starts_with(line) || FIELDS.iter().any(|name| name.starts_with(line)) => None,
        None => Some(false),
    }
}

/// What stands before the bytes that are held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preceding {
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
pub struct EventSplitter {
    longest: usize,
    held: BytesMut,
    before: Preceding,
    /// How much of `held` is scanned.
    scanned: usize,
    /// How the event before ended its lines.
    line_end: LineEnd,
    /// Whether the next byte begins a line.
    line_start: bool,
    /// Whether the byte before was a CR, to which an LF belongs.
    after_return: bool,
    /// Whether that CR ended a blank line, and so an event.
    ended: bool,
}

impl EventSplitter {
    /// A splitter for one answer, into pieces of at most `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self {
            longest,
            held: BytesMut::new(),
            before: Preceding::Nothing,
            scanned: 0,
            line_end: LineEnd::Feed,
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
                let gap = self.start().unwrap_or(end);
                let before = if self.after_return { Preceding::Return } else { Preceding::Line };
                Some(self.take(end, Some(gap), before))
            }
            None if self.held.len() < self.longest => None,
            None => Some(self.take(self.longest, None, Preceding::Part)),
        }
    }

    /// What arrived and was not taken.
    #[must_use]
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Gives up: everything that is held, as it came.
    #[must_use]
    pub fn into_held(self) -> Bytes {
        self.held.freeze()
    }

    /// Forgets what was received of an unfinished event. Returns how another event ends its lines, where one may follow: not behind the part
    /// of one that has left.
    pub fn forget_unfinished(&mut self) -> Option<LineEnd> {
        self.held.clear();
        self.scanned = 0;
        (self.line_start, self.after_return, self.ended) = (true, false, false);
        (self.before != Preceding::Part).then_some(self.line_end)
    }

    /// What is left when no more bytes will come: no whole event, and less than a piece.
    pub fn rest(&mut self) -> Option<Piece> {
        self.held.first()?;
        let gap = self.start();
        Some(self.take(self.held.len(), gap, Preceding::Part))
    }

    /// Where in `held` an event begins: behind the LF of the event before. None inside an event, and where a byte order mark leads the
    /// first one: readers that do not know it lose that event, with a comment before it as without.
    fn start(&self) -> Option<usize> {
        match (self.before, self.held.first()) {
            (Preceding::Nothing, _) if self.held.starts_with(BYTE_ORDER_MARK) => None,
            (Preceding::Return, Some(b'\n')) => Some(1),
            (Preceding::Part, _) => None,
            _ => Some(0),
        }
    }

    fn take(&mut self, length: usize, gap: Option<usize>, before: Preceding) -> Piece {
        self.before = before;
        self.scanned = self.scanned.saturating_sub(length);
        // What is split keeps its memory, and the text in it, as long as the stream.
        let bytes = if length == self.held.len() { take(&mut self.held) } else { self.held.split_to(length) };
        let bytes = bytes.freeze();
        let event = bytes.get(gap.filter(|gap| *gap < length).unwrap_or(0)..).unwrap_or_default();
        self.line_end = LineEnd::first_in(event).unwrap_or(self.line_end);
        Piece { bytes, gap, line_end: self.line_end }
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
            self.scanned = self.scanned.saturating_add(1);
            match byte {
                b'\n' if ended => return Some(self.scanned),
                b'\n' if after_return => {}
                b'\n' if self.line_start => return Some(self.scanned),
                b'\n' => self.line_start = true,
                b'\r' => {
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
