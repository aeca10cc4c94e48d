//! Server-Sent Events: each travels as one chunk, at once or with all others of its moment, and is padded by a comment before it.

use std::collections::VecDeque;
use std::task::Context;

use bytes::{Bytes, BytesMut};

use super::ticks::Ticks;
use super::{Length, Source, next_of_head};
use crate::channel::outlet::Outlet;
use crate::channel::padding::{LONGEST_EVENT, comment};
use crate::config::Padding;
use crate::failure::Failure;
use crate::upstream::events::{Cutter, LineEnd, Piece, are_events};

pub(in crate::channel) struct Events {
    head: Bytes,
    /// Whether the upstream announced the length of the answer.
    sized: bool,
    cutter: Cutter,
    /// 0: events are not padded.
    bucket: usize,
    /// None: events do not wait for each other.
    ticks: Option<Ticks>,
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
            cutter: Cutter::new(LONGEST_EVENT),
            bucket: padding.event_bucket,
            ticks: padding.batch.map(Ticks::new),
            ready: VecDeque::new(),
            length: 0,
            due: false,
            shown: false,
        }
    }

    /// Adds bytes. Returns whether they may be events: what is none under their name is to be taken by [`Self::into_rest`].
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        self.cutter.push(bytes);
        if !self.shown {
            match are_events(self.cutter.held()) {
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
        (self.head, pieces.chain([self.cutter.into_held()]).collect())
    }

    /// Puts `event`, and a blank line, behind the events that are whole; what is there of another one is dropped.
    pub(super) fn interrupt(&mut self, event: &str) {
        self.gather(Source::Open);
        while let Some(piece) = self.cutter.next_piece() {
            self.length = self.length.saturating_add(piece.bytes.len());
            self.ready.push_back(piece);
        }
        if let Some(line_end) = self.cutter.forget_unfinished() {
            let bytes = Bytes::from([event.as_bytes(), line_end.twice()].concat());
            self.length = self.length.saturating_add(bytes.len());
            self.ready.push_back(Piece { bytes, gap: Some(0), line_end });
            self.shown = true;
        }
    }

    pub(super) fn next(
        &mut self,
        outlet: &mut Outlet,
        source: Source,
        context: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Result<bool, Failure> {
        if next_of_head(&mut self.head, outlet, out)? {
            return Ok(true);
        }
        self.gather(source);
        if !self.may_leave(source, context) {
            return Ok(false);
        }
        let Some(first) = self.take() else { return Ok(false) };
        let mut length = first.bytes.len();
        if self.ticks.is_none() {
            return self.seal(&[first], length, outlet, out).map(|()| true);
        }
        let mut pieces = vec![first];
        while let Some(next) = self.ready.front()
            && let together = length.saturating_add(next.bytes.len())
            && together <= LONGEST_EVENT
        {
            length = together;
            pieces.extend(self.take());
        }
        self.seal(&pieces, length, outlet, out).map(|()| true)
    }

    /// Cuts what arrived into events: one, or as many as fill a chunk where they wait for each other.
    fn gather(&mut self, source: Source) {
        let enough = if self.ticks.is_some() { LONGEST_EVENT } else { 1 };
        while self.length < enough {
            let piece = self.cutter.next_piece();
            let Some(piece) = piece.or_else(|| if source == Source::Open { None } else { self.cutter.rest() }) else {
                return;
            };
            self.length = self.length.saturating_add(piece.bytes.len());
            self.ready.push_back(piece);
        }
    }

    fn may_leave(&mut self, source: Source, context: &mut Context<'_>) -> bool {
        let Some(ticks) = &mut self.ticks else { return true };
        if self.ready.is_empty() {
            self.due = false;
        } else if !self.due && (source != Source::Open || self.length >= LONGEST_EVENT) {
            ticks.reset();
            self.due = true;
        } else if !self.due {
            self.due = ticks.poll(context);
        }
        self.due
    }

    fn take(&mut self) -> Option<Piece> {
        let piece = self.ready.pop_front()?;
        self.length = self.length.saturating_sub(piece.bytes.len());
        Some(piece)
    }

    /// Seals `pieces`, which have `length` bytes together, as one chunk. The comment goes into the last of them that has room for one.
    fn seal(&self, pieces: &[Piece], length: usize, outlet: &mut Outlet, out: &mut BytesMut) -> Result<(), Failure> {
        let padded = pieces.iter().rposition(|piece| piece.gap.is_some()).filter(|_| self.bucket > 0 && self.shown);
        let line_end = padded.and_then(|index| pieces.get(index)).map_or(LineEnd::Feed, |piece| piece.line_end);
        let comment = if padded.is_some() { comment(length, self.bucket, line_end) } else { [b"".as_slice(); 2] };
        let prefix = Length::of(comment.iter().fold(length, |sum, part| sum.saturating_add(part.len())));
        // Nearly every chunk is one event.
        if let [piece] = pieces {
            let (front, back) = at_gap(piece);
            return outlet.seal(&[prefix.as_ref(), front, comment[0], comment[1], back], out);
        }
        let mut parts: Vec<&[u8]> = vec![prefix.as_ref()];
        for (index, piece) in pieces.iter().enumerate() {
            if padded == Some(index) {
                let (front, back) = at_gap(piece);
                parts.extend([front, comment[0], comment[1], back]);
            } else {
                parts.push(&piece.bytes);
            }
        }
        outlet.seal(&parts, out)
    }
}

/// What stands before and behind the place for a comment; all before it where there is none.
fn at_gap(piece: &Piece) -> (&[u8], &[u8]) {
    let end = piece.bytes.len();
    piece.bytes.split_at_checked(piece.gap.unwrap_or(end)).unwrap_or((&piece.bytes, &[]))
}
