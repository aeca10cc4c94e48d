//! Server-Sent Events: those that are there travel as one chunk, at once or with all others of their moment, and are padded by a comment
//! before the last of them.

use std::collections::VecDeque;
use std::task::Context;

use bytes::{Bytes, BytesMut};

use super::batch_timer::BatchTimer;
use super::{Length, Source, next_of_head};
use crate::channel::padding::{LONGEST_EVENT, comment};
use crate::channel::response_sealer::ResponseSealer;
use crate::config::Padding;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::upstream::events::{EventSplitter, Piece, are_events};
use crate::varint;

const NO_FILLER: [&[u8]; 2] = [b"", b""];

/// The first of the pieces that are ready, which leave as one chunk.
struct EventGroup {
    pieces: usize,
    /// Bytes of all.
    length: usize,
    /// Length of their chunk, as far as it does not depend on `length`.
    least: usize,
}

pub(in crate::channel) struct Events {
    head: Bytes,
    /// Whether the upstream announced the length of the answer.
    sized: bool,
    splitter: EventSplitter,
    /// 0: events are not padded.
    bucket: usize,
    /// None: events do not wait for each other.
    batch_timer: Option<BatchTimer>,
    ready: VecDeque<Piece>,
    /// Bytes in `ready`.
    length: usize,
    /// Whether all that is ready may leave.
    due: bool,
    /// Whether what came shows that it is events: before that nothing is put between its bytes.
    shown: bool,
}

impl Events {
    pub(super) fn new(head: Bytes, sized: bool, padding: &Padding) -> Self {
        Self {
            head,
            sized,
            splitter: EventSplitter::new(LONGEST_EVENT),
            bucket: padding.event_bucket,
            batch_timer: padding.batch.map(BatchTimer::new),
            ready: VecDeque::new(),
            length: 0,
            due: false,
            shown: false,
        }
    }

    /// Adds bytes. Returns whether they may be events: what is none under their name is to be taken by [`Self::into_rest`].
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        self.splitter.push(bytes);
        if !self.shown {
            match are_events(self.splitter.held()) {
                Some(are_events) => self.shown = are_events,
                None => return true,
            }
        }
        self.shown
    }

    pub(super) const fn is_sized(&self) -> bool {
        self.sized
    }

    /// What has not left of the head, and of the content.
    pub(super) fn into_rest(self) -> (Bytes, Vec<Bytes>) {
        let pieces = self.ready.into_iter().map(|piece| piece.bytes);
        (self.head, pieces.chain([self.splitter.into_held()]).collect())
    }

    /// Puts `event`, and a blank line, behind the events that are whole; what is there of another one is dropped.
    pub(super) fn interrupt(&mut self, event: &str) {
        self.gather(Source::Open);
        while let Some(piece) = self.splitter.next_piece() {
            self.length = self.length.saturating_add(piece.bytes.len());
            self.ready.push_back(piece);
        }
        if let Some(line_end) = self.splitter.forget_unfinished() {
            let bytes = Bytes::from([event.as_bytes(), line_end.twice()].concat());
            self.length = self.length.saturating_add(bytes.len());
            self.ready.push_back(Piece { bytes, gap: Some(0), line_end });
            self.shown = true;
        }
    }

    pub(super) fn next(
        &mut self,
        sealer: &mut ResponseSealer,
        source: Source,
        context: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Result<bool, Failure> {
        if next_of_head(&mut self.head, sealer, out)? {
            return Ok(true);
        }
        self.gather(source);
        if !self.may_leave(source, context) {
            return Ok(false);
        }
        let Some(group) = self.group() else {
            // A stream that waits keeps no room for what it waits for.
            self.ready = VecDeque::new();
            return Ok(false);
        };
        self.seal(&group, sealer, out)?;
        self.ready.drain(..group.pieces);
        self.length = self.length.saturating_sub(group.length);
        Ok(true)
    }

    /// The pieces that leave next, as many as a chunk has room for; None where none is ready.
    fn group(&self) -> Option<EventGroup> {
        let mut group = EventGroup { pieces: 0, length: 0, least: 0 };
        for piece in &self.ready {
            let length = group.length.saturating_add(piece.bytes.len());
            // Events that happen to arrive together show the lengths that they would have shown apart.
            let alone = if self.batch_timer.is_none() { self.chunk_of(piece) } else { 0 };
            let least = group.least.saturating_add(alone);
            if group.pieces > 0 && (length > LONGEST_EVENT || least > CHUNK_PLAINTEXT) {
                break;
            }
            group = EventGroup { pieces: group.pieces.saturating_add(1), length, least };
        }
        Some(group).filter(|group| group.pieces > 0)
    }

    /// Length of the chunk of a piece that leaves alone.
    fn chunk_of(&self, piece: &Piece) -> usize {
        let content = piece.bytes.len();
        let filler = if self.is_padded(piece) { comment(content, 0, self.bucket, piece.line_end) } else { NO_FILLER };
        let content = filler.iter().fold(content, |sum, part| sum.saturating_add(part.len()));
        varint::length(content).saturating_add(content)
    }

    const fn is_padded(&self, piece: &Piece) -> bool {
        self.bucket > 0 && self.shown && piece.gap.is_some()
    }

    /// Cuts what arrived into events, as many as fill a chunk.
    fn gather(&mut self, source: Source) {
        while self.length < LONGEST_EVENT {
            let piece = self.splitter.next_piece();
            let Some(piece) = piece.or_else(|| if source == Source::Open { None } else { self.splitter.rest() }) else {
                return;
            };
            self.length = self.length.saturating_add(piece.bytes.len());
            self.ready.push_back(piece);
        }
    }

    fn may_leave(&mut self, source: Source, context: &mut Context<'_>) -> bool {
        let Some(batch_timer) = &mut self.batch_timer else { return true };
        if self.ready.is_empty() {
            self.due = false;
        } else if !self.due && (source != Source::Open || self.length >= LONGEST_EVENT) {
            batch_timer.reset();
            self.due = true;
        } else if !self.due {
            self.due = batch_timer.poll(context);
        }
        self.due
    }

    /// Seals pieces as one chunk. The comment goes into the last of them that has room for one.
    fn seal(&self, group: &EventGroup, sealer: &mut ResponseSealer, out: &mut BytesMut) -> Result<(), Failure> {
        let EventGroup { pieces, length, least } = *group;
        let pieces = self.ready.iter().take(pieces);
        let padded = pieces.clone().enumerate().filter(|(_, piece)| self.is_padded(piece)).last();
        let filler = padded.map_or(NO_FILLER, |(_, piece)| comment(length, least, self.bucket, piece.line_end));
        let prefix = Length::of(filler.iter().fold(length, |sum, part| sum.saturating_add(part.len())));
        // Nearly every chunk is one event.
        if let (Some(piece), 1) = (self.ready.front(), group.pieces) {
            let (front, back) = at_gap(piece);
            return sealer.seal(&[prefix.as_ref(), front, filler[0], filler[1], back], out);
        }
        let mut parts: Vec<&[u8]> = Vec::with_capacity(group.pieces.saturating_add(4));
        parts.push(prefix.as_ref());
        for (index, piece) in pieces.enumerate() {
            if padded.is_some_and(|(padded, _)| padded == index) {
                let (front, back) = at_gap(piece);
                parts.extend([front, filler[0], filler[1], back]);
            } else {
                parts.push(&piece.bytes);
            }
        }
        sealer.seal(&parts, out)
    }
}

/// What stands before and behind the place for a comment; all before it where there is none.
fn at_gap(piece: &Piece) -> (&[u8], &[u8]) {
    let end = piece.bytes.len();
    piece.bytes.split_at_checked(piece.gap.unwrap_or(end)).unwrap_or((&piece.bytes, &[]))
}
