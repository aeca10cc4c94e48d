//! An answer that nobody reads before it is whole. All chunks but the last are full, and zeros follow the message (RFC 9292 §3.8):
//! number and lengths of the chunks say no more than the padded length.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Length, Source};
use crate::channel::outlet::Outlet;
use crate::channel::padding::padme;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;

static ZEROS: [u8; CHUNK_PLAINTEXT] = [0; CHUNK_PLAINTEXT];

pub(in crate::channel) struct Whole {
    waiting: VecDeque<Bytes>,
    /// Bytes in `waiting`.
    length: usize,
    /// Bytes of the message so far.
    message: u64,
    ended: bool,
}

impl Whole {
    pub(super) fn new(head: Bytes) -> Self {
        let mut whole = Self { waiting: VecDeque::new(), length: 0, message: 0, ended: false };
        whole.add(head);
        whole
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.add(Bytes::copy_from_slice(Length::of(bytes.len()).as_ref()));
        self.add(bytes);
    }

    fn add(&mut self, bytes: Bytes) {
        self.length = self.length.saturating_add(bytes.len());
        self.message = self.message.saturating_add(bytes.len() as u64);
        self.waiting.push_back(bytes);
    }

    pub(super) fn next(&mut self, outlet: &mut Outlet, source: Source, out: &mut BytesMut) -> Result<bool, Failure> {
        if source == Source::Ended && !self.ended {
            self.end(outlet);
        }
        // What is exactly a chunk may be the final one.
        if self.length <= CHUNK_PLAINTEXT {
            return Ok(false);
        }
        let parts = self.take(CHUNK_PLAINTEXT);
        let parts = slices(&parts);
        let sealed = if self.ended { outlet.seal_ended(&parts, out) } else { outlet.seal(&parts, out) };
        sealed.map(|()| true)
    }

    pub(super) fn finish(mut self, outlet: Outlet, out: &mut BytesMut) -> Result<(), Failure> {
        let parts = self.take(self.length);
        outlet.seal_final(&slices(&parts), out)
    }

    /// Adds the end of the message and its padding.
    fn end(&mut self, outlet: &mut Outlet) {
        self.ended = true;
        let rest: Vec<&[u8]> = self.waiting.iter().map(AsRef::as_ref).collect();
        let end = outlet.end(&rest);
        self.add(end.into());
        let mut missing = padme(self.message).saturating_sub(self.message);
        while missing > 0 {
            let zeros = ZEROS.get(..usize::try_from(missing).unwrap_or(usize::MAX)).unwrap_or(&ZEROS);
            self.add(Bytes::from_static(zeros));
            missing = missing.saturating_sub(zeros.len() as u64);
        }
    }

    /// Takes the next `length` bytes, or what is there.
    fn take(&mut self, length: usize) -> Vec<Bytes> {
        let mut parts = Vec::with_capacity(self.waiting.len());
        let mut missing = length;
        while missing > 0
            && let Some(front) = self.waiting.front_mut()
        {
            let part = front.split_to(front.len().min(missing));
            missing = missing.saturating_sub(part.len());
            self.length = self.length.saturating_sub(part.len());
            if front.is_empty() {
                self.waiting.pop_front();
            }
            parts.push(part);
        }
        parts
    }
}

fn slices(parts: &[Bytes]) -> Vec<&[u8]> {
    parts.iter().map(AsRef::as_ref).collect()
}
