//! The sealed answer as a body: head, pieces and end of a Binary HTTP response, each a chunk, each chunk a frame that leaves at once.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use hyper::body::Incoming;

use super::exchange::Exchange;
use crate::bhttp;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::ohttp::response::Sealer;
use crate::pause::PauseLimit;
use crate::problem;
use crate::upstream::events::{Cutter, Kind};
use crate::upstream::headers::CODE_FIELD;
use crate::varint;

/// The answer broke off: the transport must not end it as if it were complete.
#[derive(Debug)]
pub struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Aborted {}

/// An answer on its way out. Only its last frame holds the final chunk; after a failure there is none.
pub struct SealedAnswer {
    /// None once the message ended or broke off.
    sealer: Option<Sealer>,
    head: VecDeque<Bytes>,
    cutter: Cutter,
    /// None once the upstream ended its answer.
    source: Option<PauseLimit<Incoming>>,
    exchange: Exchange,
}

impl SealedAnswer {
    /// The upstream's answer, passed on as it comes.
    pub(super) fn from_upstream(
        sealer: Sealer,
        answer: Response<Incoming>,
        pause: Duration,
        mut exchange: Exchange,
    ) -> Self {
        let (parts, body) = answer.into_parts();
        exchange.answered(parts.status);
        let cutter = Cutter::new(kind(&parts.headers));
        let source = Some(PauseLimit::new(body, pause));
        Self { sealer: Some(sealer), head: head(parts.status, &parts.headers), cutter, source, exchange }
    }

    /// The gateway's own answer.
    pub(super) fn from_failure(sealer: Sealer, failure: &Failure, date: HeaderValue, mut exchange: Exchange) -> Self {
        let status = problem::status(failure.code);
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(problem::PROBLEM_TYPE));
        fields.insert(CODE_FIELD, HeaderValue::from_static(failure.code.as_str()));
        fields.insert(DATE, date);
        if status == StatusCode::CONFLICT {
            // OpenAI's clients repeat a request after 409; this one was run already.
            fields.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        exchange.answered(status);
        let mut cutter = Cutter::new(Kind::Bytes);
        cutter.push(&Bytes::from(problem::inner(failure)));
        Self { sealer: Some(sealer), head: head(status, &fields), cutter, source: None, exchange }
    }

    /// Seals the next chunk, if it is there.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Aborted>> {
        let Some(sealer) = &mut self.sealer else { return Poll::Ready(Err(Aborted)) };
        if let Some(part) = self.head.pop_front() {
            return Poll::Ready(sealer.seal(&[&part]).map_err(|_| Aborted));
        }
        loop {
            let piece = self.cutter.next_piece();
            let piece = if self.source.is_none() { piece.or_else(|| self.cutter.rest()) } else { piece };
            if let Some(piece) = piece {
                let mut length = Vec::with_capacity(2);
                varint::encode(piece.len(), &mut length);
                return Poll::Ready(sealer.seal(&[&length, &piece]).map_err(|_| Aborted));
            }
            let Some(source) = &mut self.source else { break };
            match ready!(Pin::new(source).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.cutter.push(&bytes);
                    }
                }
                Some(Err(_)) => return Poll::Ready(Err(Aborted)),
                None => self.source = None,
            }
        }
        let last = self.sealer.take().map(|sealer| sealer.seal_final(&[bhttp::END]));
        Poll::Ready(last.and_then(Result::ok).ok_or(Aborted))
    }
}

/// The encoded head, in parts that fit into chunks.
fn head(status: StatusCode, fields: &HeaderMap) -> VecDeque<Bytes> {
    let mut head = Bytes::from(bhttp::response_head(status, fields));
    let mut parts = VecDeque::new();
    while head.len() > CHUNK_PLAINTEXT {
        parts.push_back(head.split_to(CHUNK_PLAINTEXT));
    }
    parts.push_back(head);
    parts
}

fn kind(fields: &HeaderMap) -> Kind {
    let media_type = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") { Kind::Events } else { Kind::Bytes }
}

impl Body for SealedAnswer {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.poll_chunk(context));
        match &chunk {
            Ok(bytes) => {
                self.exchange.sent(bytes.len() as u64);
                if self.sealer.is_none() {
                    self.exchange.completed();
                }
            }
            Err(Aborted) => {
                // Nothing may follow, and the upstream need not go on.
                self.sealer = None;
                self.source = None;
            }
        }
        Poll::Ready(Some(chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_complete()
    }
}
