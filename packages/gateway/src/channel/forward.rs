//! Runs an admitted request at the upstream.
//!
//! A request that fits into [`WHOLE`] bytes is forwarded once its authenticated end is there, with its length. A longer one is
//! forwarded as it comes, in bounded memory; if it turns out to be broken, the connection to the upstream is closed within it.

use std::collections::VecDeque;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use h2::Reason;
use http::header::LOCATION;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

use super::Channel;
use super::exchange::Exchange;
use super::inner::InnerRequest;
use super::model_server::{ServerContent, ServerSender};
use crate::bhttp::RequestHead;
use crate::bhttp::decode::Part;
use crate::budget::PlaceHandle;
use crate::failure::Failure;
use crate::files;
use crate::phase::End;
use crate::upstream::headers::for_client;
use crate::upstream::json_member::JsonMember;
use crate::upstream::request_fields::{CREDENTIALS, for_upstream};
use crate::upstream::routes::{Content, content_of};

/// How long an upstream that refused a request may take nothing of it until the rest is thrown away.
const REFUSED: Duration = Duration::from_secs(1);

/// How long its answer waits for that. What the client sends after it is thrown away on a place among the requests that arrive.
const DRAINED: Duration = Duration::from_secs(5);

/// Content up to this size waits for its end, in bytes.
const WHOLE: u64 = 256 * 1024;

/// How often a request is sent again that the upstream refused to look at, and after which time.
const AGAIN: u8 = 3;
const AGAIN_AFTER: Duration = Duration::from_millis(20);

impl Channel {
    /// Reads, checks and runs the request; returns the upstream's answer with the fields that the client may see.
    pub(super) async fn forward(
        &self,
        mut inner: InnerRequest,
        exchange: &mut Exchange,
        connection: u64,
    ) -> Result<Response<ServerContent>, Failure> {
        let head = match self.admit(&mut inner, exchange).await {
            Ok(head) => head,
            Err(failure) => {
                inner.drain().await;
                return Err(failure);
            }
        };
        let member = match content_of(&head.method, &head.path) {
            Content::Plain => None,
            _ => self.config.upstream.prompt_cache.member()?,
        };
        let (body, progress) = RequestBody::read(inner, member).await?;
        if [Method::GET, Method::DELETE].iter().any(|method| head.method == method.as_str()) && !body.is_end_stream() {
            return Err(Failure::new(Code::REQUEST_ROUTE).telling(format!("A {} has no content.", head.method)));
        }
        let (sender, place) = self.upstream.place().ok_or(Failure::new(Code::CHANNEL_BUSY))?;
        exchange.run(&self.streams, place)?;
        let method = Method::from_bytes(head.method.as_bytes()).map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))?;
        let key = self.admission.take(&method, &head.fields)?;
        let leftover = body.rest.clone();
        let answer = self.run(&sender, self.request(head, method, body)?, &progress).await;
        match (&answer, key) {
            (Ok(answer), Some(key)) => key.answered(answer.status()),
            (Err(failure), Some(key)) if never_ran(failure.code) => key.give_back(),
            _ => {}
        }
        let refused = answer.as_ref().map_or(true, |answer| answer.status().as_u16() >= 400);
        if let Some(rest) = leftover.filter(|_| refused) {
            // A client that still sends would not read its answer.
            // Its place goes before that of any request that arrives.
            let (place, place_handle) = self.arriving.enter(connection, Instant::now());
            let drained = tokio::spawn(async move {
                drain(rest, progress, place_handle).await;
                drop(place);
            });
            drop(timeout(DRAINED, drained).await);
        }
        let mut answer = answer?;
        for_client(answer.headers_mut());
        let date = self.admission.date();
        answer.headers_mut().entry(http::header::DATE).or_insert(date);
        Ok(answer)
    }

    async fn admit(&self, inner: &mut InnerRequest, exchange: &mut Exchange) -> Result<RequestHead, Failure> {
        let Some(Part::Head(head)) = poll_fn(|context| inner.poll_part(context)).await? else {
            return Err(Failure::new(Code::CHANNEL_MESSAGE));
        };
        self.admission.check(&head)?;
        if let Some(access) = &self.access {
            exchange.hold(access.admit(&head.fields, Instant::now())?);
        }
        Ok(*head)
    }

    /// Sends the request, again where the upstream refused to look at it, and checks that what came is an answer.
    async fn run(
        &self,
        sender: &ServerSender,
        mut request: Request<RequestBody>,
        progress: &Progress,
    ) -> Result<Response<ServerContent>, Failure> {
        let mut again = AGAIN;
        loop {
            let copy = self.upstream.may_refuse().then(|| copy_of(&request)).flatten();
            let answer = match (self.send(sender, request, progress).await, copy) {
                (Err(SendError::Refused | SendError::Unproven), Some(copy)) if again > 0 => {
                    again = again.saturating_sub(1);
                    sleep(AGAIN_AFTER).await;
                    request = copy;
                    continue;
                }
                (Err(error), _) => return Err(error.into()),
                (Ok(answer), _) => answer,
            };
            return match answer.status().as_u16() {
                301 | 302 | 303 | 307 | 308 if answer.headers().contains_key(LOCATION) => {
                    Err(Failure::new(Code::REQUEST_UPSTREAM_REDIRECT))
                }
                200..=599 => Ok(answer),
                status => {
                    let told = format!("It answered with status {status}, which no answer of HTTP has.");
                    Err(Failure::new(Code::REQUEST_UPSTREAM_STATUS).telling(told))
                }
            };
        }
    }

    fn request(
        &self,
        mut head: RequestHead,
        method: Method,
        body: RequestBody,
    ) -> Result<Request<RequestBody>, Failure> {
        if self.access.is_some() {
            // The key is one of this gateway, and no business of the model server.
            for name in CREDENTIALS {
                head.fields.remove(name);
            }
        }
        let upstream = &self.config.upstream;
        let api_key = upstream.api_key.as_ref().map(|key| key.as_str());
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.upstream.uri(&head.path).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
        *request.headers_mut() = for_upstream(head.fields, api_key, &upstream.fields)?;
        self.upstream.complete(&mut request, self.admission.date())?;
        Ok(request)
    }

    /// Sends the request and waits for the header of the answer, at most `upstream_timeout` since the request last moved.
    async fn send(
        &self,
        sender: &ServerSender,
        request: Request<RequestBody>,
        progress: &Progress,
    ) -> Result<Response<ServerContent>, SendError> {
        let mut answer = std::pin::pin!(self.upstream.send(sender, request));
        // Asks for the phase itself: whoever waits for this answer may be woken by the end before it.
        let mut end = End::new(self.phases.clone());
        let limit = self.config.limits.upstream_timeout;
        loop {
            let deadline = progress.deadline(limit);
            tokio::select! {
                answer = &mut answer => return answer,
                () = poll_fn(|context| end.poll(context)) => {
                    return Err(SendError::Failed(Failure::new(Code::GATEWAY_DRAINED)));
                }
                () = sleep_until(deadline) => if progress.deadline(limit) <= deadline {
                    return Err(SendError::Failed(Failure::new(Code::REQUEST_UPSTREAM_TIMEOUT)));
                },
            }
        }
    }
}

/// Why the upstream gave no answer.
pub(super) enum SendError {
    /// It said that it did not look at the request (RFC 9113 §8.7).
    Refused,
    /// A party on the way to a proven upstream says so, which nothing authenticates: the request may have been run.
    Unproven,
    Failed(Failure),
}

impl SendError {
    /// Often it is the request's own end, which it could not outlive.
    pub(super) fn of(error: &(dyn Error + 'static), connecting: bool) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(failure) = error.downcast_ref::<Failure>() {
                return Self::Failed(failure.clone());
            }
            if error.downcast_ref::<h2::Error>().is_some_and(is_refusal) {
                return Self::Refused;
            }
            if let Some(error) = error.downcast_ref::<io::Error>().filter(|_| connecting) {
                // Without files of its own, the gateway has not asked the model server, which is not to blame.
                return Self::Failed(if files::ran_out(error) {
                    Failure::with(Code::CHANNEL_BUSY, files::RAN_OUT)
                } else {
                    Failure::with(Code::REQUEST_UPSTREAM_UNREACHABLE, error.to_string())
                });
            }
            cause = error.source();
        }
        let code = if connecting { Code::REQUEST_UPSTREAM_UNREACHABLE } else { Code::REQUEST_UPSTREAM_BROKEN };
        Self::Failed(Failure::new(code))
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            // As with a port that nobody listens on: nothing was run.
            SendError::Refused => {
                Self::new(Code::REQUEST_UPSTREAM_UNREACHABLE).telling("It refused the request unseen.")
            }
            SendError::Unproven => Self::new(Code::REQUEST_UPSTREAM_BROKEN)
                .telling("Something on the way to it says that the request was not run, and nothing proves that."),
            SendError::Failed(failure) => failure,
        }
    }
}

/// Whether the peer says that it will not have looked at the stream: it refused it, or it closes the connection in order and the stream is
/// behind the last one that it serves.
fn is_refusal(error: &h2::Error) -> bool {
    error.is_remote()
        && (error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
            || error.is_go_away() && error.reason() == Some(Reason::NO_ERROR))
}

/// Whether a request that failed so was certainly not run: nobody was there, or the request has no end, or the upstream sent it elsewhere.
fn never_ran(code: Code) -> bool {
    !matches!(
        code,
        Code::REQUEST_UPSTREAM_BROKEN
            | Code::REQUEST_UPSTREAM_TIMEOUT
            | Code::REQUEST_UPSTREAM_STATUS
            | Code::GATEWAY_DRAINED
    )
}

/// The request once more; None where its content was not held.
fn copy_of(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let mut copy = Request::new(request.body().copy()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// When a request last moved.
pub(super) struct Progress(Mutex<Instant>);

impl Progress {
    fn mark(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn deadline(&self, limit: Duration) -> Instant {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.checked_add(limit).unwrap_or(last)
    }
}

type Rest = Mutex<Option<Box<InnerRequest>>>;

/// Reads and throws away what is left of a request that the upstream refused and takes no more of: on a connection that many share, it
/// would hold up others. It ends early where `place_handle` loses its place: the request has given back its own.
async fn drain(rest: Arc<Rest>, progress: Arc<Progress>, place_handle: PlaceHandle) {
    let mut tick = interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        // Either the connection to the upstream is gone, and its end of the body with it, or nothing moves there.
        if Arc::strong_count(&rest) == 1 || progress.deadline(REFUSED) <= Instant::now() {
            break;
        }
    }
    let inner = rest.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut inner) = inner {
        inner.drain_while(place_handle).await;
    }
}

/// The content of a request for the upstream.
pub(super) struct RequestBody {
    read: VecDeque<Bytes>,
    /// What still comes, behind what was read. It is taken out where the upstream wants no more.
    rest: Option<Arc<Rest>>,
    /// Bytes left, where that is known.
    left: Option<u64>,
    /// What the object that is sent gets, until it has ended.
    member: Option<JsonMember>,
    progress: Arc<Progress>,
}

impl RequestBody {
    /// Reads the content to its end or to [`WHOLE`] bytes. With a `member` it is a JSON object, and gets it.
    async fn read(mut inner: InnerRequest, mut member: Option<JsonMember>) -> Result<(Self, Arc<Progress>), Failure> {
        let (read, ended) = match Self::first(&mut inner, member.as_mut()).await {
            Ok(first) => first,
            Err(failure) => {
                inner.drain().await;
                return Err(failure);
            }
        };
        let progress = Arc::new(Progress(Mutex::new(Instant::now())));
        let left = match (ended, &member) {
            (true, _) => Some(read.len() as u64),
            // The rest may still grow or shrink.
            (false, Some(_)) => None,
            (false, None) => inner.content_length(),
        };
        let rest = if ended { None } else { Some(Arc::new(Mutex::new(Some(Box::new(inner))))) };
        let read = Some(read.freeze()).filter(|read| !read.is_empty()).into_iter().collect();
        Ok((Self { read, rest, left, member, progress: Arc::clone(&progress) }, progress))
    }

    /// What is sent of the content up to its end, or of its first [`WHOLE`] bytes, and whether it ended.
    async fn first(inner: &mut InnerRequest, member: Option<&mut JsonMember>) -> Result<(BytesMut, bool), Failure> {
        // One buffer: a client may send a byte a chunk, and each piece by itself costs many times its size.
        let mut read = BytesMut::new();
        let mut ended = false;
        while !ended && read.len() as u64 <= WHOLE {
            match poll_fn(|context| inner.poll_part(context)).await? {
                Some(Part::Content(bytes)) => read.extend_from_slice(&bytes),
                Some(Part::Head(_)) => return Err(Failure::new(Code::CHANNEL_MESSAGE)),
                None => ended = true,
            }
        }
        if let Some(member) = member {
            read = member.pass(&read)?;
            if ended {
                member.finish()?;
            }
        }
        Ok((read, ended))
    }

    /// The same content; None where not all of it was read.
    fn copy(&self) -> Option<Self> {
        let whole = self.rest.is_none();
        whole.then(|| Self {
            read: self.read.clone(),
            rest: None,
            left: self.left,
            member: None,
            progress: Arc::clone(&self.progress),
        })
    }

    /// The next piece. The last one waits for the authenticated end behind it: whoever sends to the upstream stops asking once
    /// the announced length is there, and what stands behind the content would be neither checked nor read.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        while let Some(rest) = &self.rest
            && self.read.front().is_none_or(|piece| self.left == Some(piece.len() as u64))
        {
            let part = match &mut *rest.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(inner) => ready!(inner.poll_part(context)),
                // The upstream refused the request and gets no more of it.
                None => return Poll::Pending,
            };
            self.progress.mark();
            match part {
                Ok(Some(Part::Content(bytes))) => match pass(&mut self.member, bytes) {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => self.read.push_back(bytes),
                    Err(failure) => return Poll::Ready(Some(Err(failure))),
                },
                Ok(None) => match self.member.take().map_or(Ok(()), |member| member.finish()) {
                    Ok(()) => self.rest = None,
                    Err(failure) => return Poll::Ready(Some(Err(failure))),
                },
                Ok(Some(Part::Head(_))) => return Poll::Ready(Some(Err(Failure::new(Code::CHANNEL_MESSAGE)))),
                Err(failure) => return Poll::Ready(Some(Err(failure))),
            }
        }
        Poll::Ready(self.read.pop_front().map(Ok))
    }
}

/// The next bytes of the object, with the member where it comes to stand in them.
fn pass(member: &mut Option<JsonMember>, bytes: Bytes) -> Result<Bytes, Failure> {
    match member {
        Some(member) => member.pass(&bytes).map(BytesMut::freeze),
        None => Ok(bytes),
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let bytes = ready!(self.poll_bytes(context));
        if let (Some(Ok(bytes)), Some(left)) = (&bytes, &mut self.left) {
            *left = left.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(bytes.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
