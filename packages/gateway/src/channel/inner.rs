//! The request inside: pulled out of the outer body chunk by chunk and decoded as it comes, in bounded memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use blindllama_verifier::Code;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::attestation::epoch::Epochs;
use crate::bhttp::decode::{Decoder, Part};
use crate::config::Limits;
use crate::failure::Failure;
use crate::ohttp::request::Decapsulator;
use crate::ohttp::response::Sealer;
use crate::pause::{Interruption, PauseLimit};

/// A request on its way in.
pub(super) struct InnerRequest {
    body: PauseLimit<Incoming>,
    decapsulator: Decapsulator<Arc<Epochs>>,
    decoder: Decoder,
    /// Bytes of plaintext that may still come.
    plaintext_left: u64,
    received: Arc<AtomicU64>,
    opened: bool,
    body_ended: bool,
    ended: bool,
}

impl InnerRequest {
    pub(super) fn new(body: Incoming, keys: Arc<Epochs>, limits: &Limits, received: Arc<AtomicU64>) -> Self {
        Self {
            body: PauseLimit::new(body, limits.body_timeout),
            decapsulator: Decapsulator::new(keys),
            decoder: Decoder::new(limits.field_bytes),
            plaintext_left: limits.request_bytes,
            received,
            opened: false,
            body_ended: false,
            ended: false,
        }
    }

    /// Ready once the first chunk is open: from then on the sender of the request can be answered inside.
    pub(super) fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        while !self.opened {
            ready!(self.poll_chunk(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// The sealing half of the answer; see [`Decapsulator::sealer`].
    pub(super) fn sealer(&self) -> Result<Sealer, Failure> {
        self.decapsulator.sealer()
    }

    /// Length of the content, where the request says it.
    pub(super) const fn content_length(&self) -> Option<u64> {
        self.decoder.content_length()
    }

    /// The next part of the request, or `None` behind its authenticated end.
    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Part>, Failure>> {
        loop {
            if let Some(part) = self.decoder.next_part()? {
                return Poll::Ready(Ok(Some(part)));
            }
            if self.ended {
                return Poll::Ready(self.decoder.finish().map(|()| None));
            }
            ready!(self.poll_chunk(context))?;
        }
    }

    /// Reads what is left of the outer body and forgets it: a client that still sends would not read its answer.
    pub(super) async fn drain(&mut self) {
        let mut left = self.plaintext_left;
        while let Some(Ok(frame)) = self.body.frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            if let Some(chunk) = self.decapsulator.next_chunk()? {
                return Poll::Ready(self.accept(chunk));
            }
            if self.body_ended {
                let last = self.decapsulator.finish()?;
                self.ended = true;
                return Poll::Ready(self.accept(last));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.received.fetch_add(data.len() as u64, Ordering::Relaxed);
                        self.decapsulator.push(&data);
                    }
                }
                Some(Err(Interruption::Paused)) => return Poll::Ready(Err(Failure::new(Code::REQUEST_TIMEOUT))),
                Some(Err(Interruption::Broken(_))) => return Poll::Ready(Err(Failure::new(Code::CHANNEL_TRUNCATED))),
                None => self.body_ended = true,
            }
        }
    }

    fn accept(&mut self, chunk: BytesMut) -> Result<(), Failure> {
        self.opened = true;
        let left = self.plaintext_left.checked_sub(chunk.len() as u64);
        self.plaintext_left = left.ok_or(Failure::new(Code::REQUEST_TOO_LARGE))?;
        self.decoder.push(chunk);
        Ok(())
    }
}
