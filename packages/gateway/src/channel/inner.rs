//! The request inside: pulled out of the outer body chunk by chunk and decoded as it comes, in bounded memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};

use crate::attestation::epoch::Epochs;
use crate::bhttp::decode::{Decoder, Part};
use crate::budget::PlaceHandle;
use crate::config::Limits;
use crate::failure::Failure;
use crate::ohttp::request::Decapsulator;
use crate::ohttp::response::Sealer;
use crate::pause::{Interruption, PauseLimit};
use crate::receipt::key::ReceiptKey;
use crate::receipt::request::{ReceiptRequest, RequestHash};

/// A request on its way in.
pub(super) struct InnerRequest {
    body: PauseLimit<Incoming>,
    decapsulator: Decapsulator<Arc<Epochs>>,
    decoder: Decoder,
    hash: RequestHash,
    /// Bytes of plaintext so far.
    plaintext: u64,
    /// Most of them, without padding.
    request_bytes: u64,
    received: Arc<AtomicU64>,
    /// Its place among the requests that arrive.
    place_handle: PlaceHandle,
    opened: bool,
    /// Whether the upstream refused it, so that what comes is thrown away.
    is_refused: bool,
    body_ended: bool,
    /// Whether nothing more can or may be read: the body broke off, paused too long, or lost its place.
    broken: bool,
    ended: bool,
}

impl InnerRequest {
    pub(super) fn new(
        body: Incoming,
        keys: Arc<Epochs>,
        limits: &Limits,
        received: Arc<AtomicU64>,
        place_handle: PlaceHandle,
    ) -> Self {
        Self {
            body: PauseLimit::new(body, limits.body_timeout).at_least(limits.body_rate),
            decapsulator: Decapsulator::new(keys),
            decoder: Decoder::new(limits.field_bytes),
            hash: RequestHash::default(),
            plaintext: 0,
            request_bytes: limits.request_bytes,
            received,
            place_handle,
            opened: false,
            is_refused: false,
            body_ended: false,
            broken: false,
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

    /// Whether a receipt is wanted, as far as is known, and the hash of the request, once it is complete.
    pub(super) fn receipt_request(&self) -> Arc<ReceiptRequest> {
        self.hash.receipt_request()
    }

    /// What signs the receipt.
    ///
    /// # Errors
    /// `gateway.internal` before the request was open.
    pub(super) fn receipt_key(&self) -> Result<Arc<ReceiptKey>, Failure> {
        self.decapsulator.epoch().cloned().ok_or(Failure::new(Code::GATEWAY_INTERNAL))
    }

    /// Length of the content, where the request says it.
    pub(super) const fn content_length(&self) -> Option<u64> {
        self.decoder.content_length()
    }

    /// The next part of the request, or `None` behind its authenticated end.
    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Part>, Failure>> {
        let part = ready!(self.poll_next(context));
        if part.is_err() {
            self.hash.abandon();
        }
        Poll::Ready(part)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Part>, Failure>> {
        loop {
            if let Some(part) = self.decoder.next_part()? {
                if let Part::Head(head) = &part {
                    self.hash.decide(&head.fields)?;
                }
                return Poll::Ready(Ok(Some(part)));
            }
            self.check_length()?;
            if self.ended {
                self.decoder.finish()?;
                self.hash.finish();
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_chunk(context))?;
        }
    }

    /// Reads what is left of the outer body: a client that still sends would not read its answer. It is opened only where a
    /// receipt has to cover it.
    pub(super) async fn drain(&mut self) {
        while self.hash.is_open()
            && let Ok(Some(_)) = std::future::poll_fn(|context| self.poll_part(context)).await
        {}
        let mut left = self.request_bytes.saturating_mul(2);
        while let Ok(Some(data)) = std::future::poll_fn(|context| self.poll_data(context)).await {
            match left.checked_sub(data.len() as u64) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }

    /// The same, as long as `place_handle` has its place, whose time-out stays as it is.
    pub(super) async fn drain_while(&mut self, place_handle: PlaceHandle) {
        self.place_handle = place_handle;
        self.is_refused = true;
        self.drain().await;
    }

    /// The next bytes of the outer body.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        loop {
            if self.broken {
                return Poll::Ready(Err(Failure::new(Code::CHANNEL_TRUNCATED)));
            }
            let frame = Pin::new(&mut self.body).poll_frame(context);
            let failed = match frame {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Ok(Some(data))),
                    Err(_) => continue,
                },
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(Err(Interruption::Paused))) => Code::REQUEST_TIMEOUT,
                Poll::Ready(Some(Err(Interruption::Broken(_)))) => Code::CHANNEL_TRUNCATED,
                Poll::Pending => {
                    // Until a chunk is open, the time-out is that of the place.
                    if self.opened && !self.is_refused {
                        self.place_handle.postpone(self.body.deadline());
                    }
                    ready!(self.place_handle.poll_evicted(context));
                    Code::CHANNEL_BUSY
                }
            };
            self.broken = true;
            return Poll::Ready(Err(Failure::new(failed)));
        }
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            if let Some(chunk) = self.decapsulator.next_chunk()? {
                self.accept(chunk);
                return Poll::Ready(Ok(()));
            }
            if self.body_ended {
                let last = self.decapsulator.finish()?;
                self.ended = true;
                self.accept(last);
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_data(context))? {
                Some(data) => {
                    self.received.fetch_add(data.len() as u64, Ordering::Relaxed);
                    self.decapsulator.push(&data);
                }
                None => self.body_ended = true,
            }
        }
    }

    fn accept(&mut self, chunk: BytesMut) {
        self.opened = true;
        self.plaintext = self.plaintext.saturating_add(chunk.len() as u64);
        self.hash.update(&chunk);
        self.decoder.push(chunk);
    }

    /// Holds message and padding to their limits.
    fn check_length(&self) -> Result<(), Failure> {
        let padding = self.decoder.padding_bytes();
        let message = self.plaintext.saturating_sub(padding);
        // An eighth is what Padmé adds at most, and 512 bytes the least that a client pads to.
        let room = (self.request_bytes / 8).saturating_add(512);
        if message > self.request_bytes || padding > room {
            return Err(Failure::new(Code::REQUEST_TOO_LARGE));
        }
        Ok(())
    }
}
