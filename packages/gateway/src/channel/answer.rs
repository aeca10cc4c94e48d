//! The sealed answer as a body: the chunks of a Binary HTTP response, which leave at once; those that are there together are one
//! frame, since each frame costs the transport more than the sealing of a chunk.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use super::exchange::{EndedBy, Exchange};
use super::flow::{Flow, Source};
use super::model_server::ServerContent;
use super::response_sealer::ResponseSealer;
use super::yield_to_ready::YieldToReady;
use crate::bhttp;
use crate::budget::Place;
use crate::config::Padding;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::pause::PauseLimit;
use crate::problem;
use crate::upstream::content::{Content, take_codings};
use crate::upstream::headers::CODE_FIELD;

/// Chunks are added to a frame until it is so long, in bytes. Each frame costs a system call and the way through the transport, which a
/// long answer feels (`bench:gateway`, 1 MiB at once); a client that reads nothing holds one frame.
const FRAME: usize = 256 * 1024;

/// Room for the chunk by which a frame becomes too long.
const ROOM: usize = FRAME + CHUNK_PLAINTEXT + 64;

/// How long what was sealed may take to leave before the answer breaks off: a transport throws away what it has not sent when it is told.
const LINGER: Duration = Duration::from_millis(200);

/// The answer broke off: the transport must not end it as if it were complete.
#[derive(Debug)]
pub struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Aborted {}

/// How far an answer is.
enum AnswerState {
    Open(Box<ResponseSealer>, Flow),
    /// The final chunk is sealed.
    Ended,
    /// There will be none; the transport hears of it when the time is over.
    Broken(Pin<Box<Sleep>>),
}

/// The content of the upstream's answer.
type UpstreamContent = Content<PauseLimit<ServerContent>>;

/// An answer on its way out. Only its last frame holds the final chunk; after a failure there is none.
pub struct SealedAnswer {
    state: AnswerState,
    /// None once nothing more comes of it, or the gateway ends the answer.
    upstream: Option<UpstreamContent>,
    /// Whether the answer ended as it must: neither the upstream broke it off nor the gateway's own end.
    whole: bool,
    /// Sealed chunks that leave together.
    frame: BytesMut,
    /// Whether the frame before was long, so that this one will be: it gets its room at once.
    is_long: bool,
    /// Of the tasks that may have more for the frame.
    yielding: Option<YieldToReady>,
    exchange: Exchange,
    /// Whether the gateway wrote it.
    own: bool,
}

impl SealedAnswer {
    /// The upstream's answer, passed on as it comes.
    pub(super) fn from_upstream(
        sealer: ResponseSealer,
        answer: Response<ServerContent>,
        pause: Duration,
        padding: &Padding,
        mut exchange: Exchange,
    ) -> Self {
        let (mut parts, body) = answer.into_parts();
        let codings = take_codings(&mut parts.headers);
        exchange.answered_by_upstream(parts.status, &parts.headers);
        let head = bhttp::response_head(parts.status, &parts.headers);
        // Whatever their framing says: servers leave the length of these out, and keep the connection.
        let empty = matches!(parts.status.as_u16(), 204 | 205 | 304);
        let flow = Flow::new(head.into(), &parts.headers, empty || body.size_hint().exact().is_some(), padding);
        let upstream = (!empty).then(|| Content::new(PauseLimit::new(body, pause), &codings));
        Self::new(AnswerState::Open(Box::new(sealer), flow), upstream, exchange)
    }

    /// The gateway's own answer.
    pub(super) fn from_failure(
        sealer: ResponseSealer,
        failure: &Failure,
        date: HeaderValue,
        mut exchange: Exchange,
    ) -> Self {
        let status = problem::status(failure.code);
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(problem::PROBLEM_TYPE));
        fields.insert(CODE_FIELD, HeaderValue::from_static(failure.code.as_str()));
        fields.insert(DATE, date);
        if status == StatusCode::CONFLICT || failure.code == Code::GATEWAY_DRAINED {
            // OpenAI's clients repeat a request after 409 and 503; this one was run already, or may have been.
            fields.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        if let Some(seconds) = failure.retry_after {
            fields.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        exchange.answered(status);
        let flow = Flow::of(bhttp::response_head(status, &fields).into(), problem::inner(failure).into());
        Self { own: true, ..Self::new(AnswerState::Open(Box::new(sealer), flow), None, exchange) }
    }

    /// Whether the answer is the gateway's own. It holds nothing of the upstream, and need not keep a stream.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.own
    }

    /// Keeps `place` until the answer left, instead of what its request held.
    pub fn move_to(&mut self, place: Place) {
        self.exchange.move_to(place);
    }

    fn new(state: AnswerState, upstream: Option<UpstreamContent>, exchange: Exchange) -> Self {
        Self {
            state,
            upstream,
            whole: true,
            frame: BytesMut::new(),
            is_long: false,
            yielding: None,
            exchange,
            own: false,
        }
    }

    /// Seals what is there into a frame, which is at least [`FRAME`] long if there is as much.
    ///
    /// Events that arrived together come out of the upstream's connection one by one, each when its task is run again. So a frame is
    /// held back until all tasks that are ready have run without adding to it: a moment in which an idle machine does nothing else, and a busy one
    /// gathers what it would otherwise pay a system call each for.
    fn poll_chunks(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Aborted>> {
        while self.frame.len() < FRAME && !matches!(self.state, AnswerState::Ended) {
            match self.poll_chunk(context) {
                Poll::Ready(Ok(())) => {
                    self.yielding = None;
                    if self.is_long && self.frame.capacity() < FRAME {
                        self.frame.reserve(ROOM);
                    }
                }
                // Behind the chunks before it, the next poll says so.
                Poll::Ready(Err(Aborted)) if self.frame.is_empty() => return Poll::Ready(Err(Aborted)),
                Poll::Ready(Err(Aborted)) => break,
                Poll::Pending if self.frame.is_empty() => return Poll::Pending,
                Poll::Pending if self.yielding.get_or_insert_with(|| YieldToReady::begin(context)).is_complete() => {
                    break;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        self.yielding = None;
        self.is_long = self.frame.len() >= FRAME;
        // Taken, not split: what is left of its room would stay as long as the stream.
        Poll::Ready(Ok(std::mem::take(&mut self.frame).freeze()))
    }

    /// Lets the gateway's end end the answer too, where the upstream has not.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.upstream.is_none() {
            return Poll::Pending;
        }
        ready!(self.exchange.end.poll(context));
        self.exchange.aborted(EndedBy::Drained);
        (self.upstream, self.whole) = (None, false);
        if let AnswerState::Open(_, flow) = &mut self.state {
            flow.interrupt(&problem::last_event(&Failure::new(Code::GATEWAY_DRAINED)));
        }
        Poll::Ready(())
    }

    /// Seals the next chunk into the frame, if it is there. After an error there is no other.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Aborted>> {
        if let AnswerState::Broken(linger) = &mut self.state {
            ready!(linger.as_mut().poll(context));
            return Poll::Ready(Err(Aborted));
        }
        let whole = self.frame.len();
        let chunk = ready!(self.poll_next(context));
        if chunk.is_ok() {
            return Poll::Ready(chunk);
        }
        // Nothing may follow, and the upstream need not go on.
        self.frame.truncate(whole);
        self.upstream = None;
        self.state = AnswerState::Broken(Box::pin(sleep(LINGER)));
        self.poll_chunk(context)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Aborted>> {
        let AnswerState::Open(sealer, flow) = &mut self.state else { return Poll::Ready(Err(Aborted)) };
        loop {
            let source = match self.upstream {
                Some(_) => Source::Open,
                None if self.whole => Source::Ended,
                None => Source::Broken,
            };
            match flow.next(sealer, source, context, &mut self.frame) {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(_) => return Poll::Ready(Err(Aborted)),
            }
            let Some(upstream) = &mut self.upstream else { break };
            match ready!(Pin::new(upstream).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.exchange.read(&bytes);
                        flow.push(bytes);
                    }
                }
                // What had arrived leaves first.
                Some(Err(_)) => {
                    self.exchange.aborted(EndedBy::Upstream);
                    (self.upstream, self.whole) = (None, false);
                }
                None => self.upstream = None,
            }
        }
        if !self.whole {
            return Poll::Ready(Err(Aborted));
        }
        match std::mem::replace(&mut self.state, AnswerState::Ended) {
            AnswerState::Open(sealer, flow) => Poll::Ready(flow.finish(*sealer, &mut self.frame).map_err(|_| Aborted)),
            AnswerState::Ended | AnswerState::Broken(_) => Poll::Ready(Err(Aborted)),
        }
    }
}

impl Body for SealedAnswer {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        // An answer that never waits sees the end here.
        if self.exchange.end.has_come() {
            let _ = self.poll_end(context);
        }
        let frame = match self.poll_chunks(context) {
            Poll::Pending if self.poll_end(context).is_ready() => ready!(self.poll_chunks(context)),
            frame => ready!(frame),
        };
        if let Ok(bytes) = &frame {
            self.exchange.sent(bytes.len() as u64);
            if matches!(self.state, AnswerState::Ended) {
                self.exchange.completed();
            }
        }
        Poll::Ready(Some(frame.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_complete()
    }
}
