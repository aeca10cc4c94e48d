//! An answer that nobody reads before it is whole. All chunks but the last are full, and zeros follow the message (RFC 9292 §3.8):
//! number and lengths of the chunks say no more than the padded length. Where the answer did not say that it is whole, what came is
//! held for a short time only.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Sleep, sleep};

use super::{Length, Source};
use crate::bhttp::padme;
use crate::channel::response_sealer::ResponseSealer;
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
    /// How long bytes are held; None for as long as it takes.
    patience: Option<Duration>,
    /// Set while bytes are held.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Whole {
    pub(super) fn new(head: Bytes, patience: Option<Duration>) -> Self {
        let waiting = VecDeque::new();
        let mut whole = Self { waiting, length: 0, message: 0, ended: false, patience, alarm: None };
        whole.add(head);
        whole
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.add(Bytes::copy_from_slice(Length::of(bytes.len()).as_ref()));
        self.add(bytes);
    }

    fn add(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.length = self.length.saturating_add(bytes.len());
        self.message = self.message.saturating_add(bytes.len() as u64);
        self.waiting.push_back(bytes);
    }

    pub(super) fn next(
        &mut self,
        sealer: &mut ResponseSealer,
        source: Source,
        context: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Result<bool, Failure> {
        if source == Source::Ended && !self.ended {
            self.end(sealer);
        }
        // What is exactly a chunk may be the final one.
        let length = if self.length > CHUNK_PLAINTEXT {
            CHUNK_PLAINTEXT
        } else if self.may_leave(source, context) {
            self.length
        } else {
            return Ok(false);
        };
        self.alarm = None;
        let parts = self.take(length);
        let parts = slices(&parts);
        let sealed = if self.ended { sealer.seal_ended(&parts, out) } else { sealer.seal(&parts, out) };
        sealed.map(|()| true)
    }

    /// Whether what is held leaves before the answer is whole.
    fn may_leave(&mut self, source: Source, context: &mut Context<'_>) -> bool {
        match (source, self.patience) {
            _ if self.length == 0 => false,
            (Source::Broken, _) => true,
            (Source::Open, Some(patience)) => {
                let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
                alarm.as_mut().poll(context).is_ready()
            }
            _ => false,
        }
    }

    pub(super) fn finish(mut self, sealer: ResponseSealer, out: &mut BytesMut) -> Result<(), Failure> {
        let parts = self.take(self.length);
        sealer.seal_final(&slices(&parts), out)
    }

    /// Adds the end of the message and its padding.
    fn end(&mut self, sealer: &mut ResponseSealer) {
        self.ended = true;
        let rest: Vec<&[u8]> = self.waiting.iter().map(AsRef::as_ref).collect();
        let end = sealer.end(&rest);
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
