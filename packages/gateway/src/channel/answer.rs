//! The sealed answer as a body: each chunk of a Binary HTTP response a frame that leaves at once.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use hyper::body::Incoming;

use super::exchange::Exchange;
use super::flow::{Flow, Source};
use super::outlet::Outlet;
use crate::bhttp;
use crate::config::Padding;
use crate::failure::Failure;
use crate::pause::PauseLimit;
use crate::problem;
use crate::upstream::headers::CODE_FIELD;

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
    way: Option<(Outlet, Flow)>,
    /// None once the upstream ended its answer.
    upstream: Option<PauseLimit<Incoming>>,
    exchange: Exchange,
}

impl SealedAnswer {
    /// The upstream's answer, passed on as it comes.
    pub(super) fn from_upstream(
        outlet: Outlet,
        answer: Response<Incoming>,
        pause: Duration,
        padding: &Padding,
        mut exchange: Exchange,
    ) -> Self {
        let (parts, body) = answer.into_parts();
        exchange.answered(parts.status);
        let head = bhttp::response_head(parts.status, &parts.headers);
        let flow = Flow::new(head.into(), &parts.headers, body.size_hint().exact().is_some(), padding);
        let upstream = Some(PauseLimit::new(body, pause));
        Self { way: Some((outlet, flow)), upstream, exchange }
    }

    /// The gateway's own answer.
    pub(super) fn from_failure(outlet: Outlet, failure: &Failure, date: HeaderValue, mut exchange: Exchange) -> Self {
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
        let flow = Flow::of(bhttp::response_head(status, &fields).into(), problem::inner(failure).into());
        Self { way: Some((outlet, flow)), upstream: None, exchange }
    }

    /// Seals the next chunk, if it is there.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Aborted>> {
        let Some((outlet, flow)) = &mut self.way else { return Poll::Ready(Err(Aborted)) };
        loop {
            let source = if self.upstream.is_some() { Source::Open } else { Source::Ended };
            match flow.next(outlet, source, context) {
                Ok(Some(chunk)) => return Poll::Ready(Ok(chunk)),
                Ok(None) => {}
                Err(_) => return Poll::Ready(Err(Aborted)),
            }
            let Some(upstream) = &mut self.upstream else { break };
            match ready!(Pin::new(upstream).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        flow.push(bytes);
                    }
                }
                Some(Err(_)) => return Poll::Ready(Err(Aborted)),
                None => self.upstream = None,
            }
        }
        let last = self.way.take().and_then(|(outlet, flow)| flow.finish(outlet).ok());
        Poll::Ready(last.ok_or(Aborted))
    }
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
                if self.way.is_none() {
                    self.exchange.completed();
                }
            }
            Err(Aborted) => {
                // Nothing may follow, and the upstream need not go on.
                self.way = None;
                self.upstream = None;
            }
        }
        Poll::Ready(Some(chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_complete()
    }
}
