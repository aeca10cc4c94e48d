//! The content of a request on its way to the upstream.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use http::Request;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, interval};

use super::inner::InnerRequest;
use crate::bhttp::decode::Part;
use crate::budget::PlaceHandle;
use crate::failure::Failure;
use crate::upstream::json_member::JsonMember;
use crate::upstream::models::ModelCheck;

/// How long an upstream that refused a request may take nothing of it until the rest is thrown away.
const REFUSED: Duration = Duration::from_secs(1);

/// Content up to this size waits for its end, in bytes.
const WHOLE: u64 = 256 * 1024;

/// When a request last moved, and how much of its content was read.
pub(super) struct Progress {
    last: Mutex<Instant>,
    bytes: AtomicU64,
}

impl Progress {
    fn begin() -> Self {
        Self { last: Mutex::new(Instant::now()), bytes: AtomicU64::new(0) }
    }

    fn mark(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn read(&self, bytes: &[u8]) {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }

    /// Bytes of the content that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn deadline(&self, limit: Duration) -> Instant {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.checked_add(limit).unwrap_or(last)
    }
}

pub(super) type Rest = Mutex<Option<Box<InnerRequest>>>;

/// Reads and throws away what is left of a request that the upstream refused and takes no more of: on a connection that many share, it
/// would hold up others. It ends early where `place_handle` loses its place: the request has given back its own.
pub(super) async fn drain(rest: Arc<Rest>, progress: Arc<Progress>, place_handle: PlaceHandle) {
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

/// The content of a request for the upstream. Whoever sends it may keep another hold of it, to send it again.
pub(super) struct RequestBody(Arc<Mutex<Pieces>>);

#[derive(Clone)]
struct Pieces {
    read: VecDeque<Bytes>,
    /// What still comes, behind what was read. It is taken out where the upstream wants no more.
    rest: Option<Arc<Rest>>,
    /// Bytes left, where that is known.
    left: Option<u64>,
    /// What the content has to keep to and gets, until it has ended.
    rules: Option<Rules>,
    /// Whether a connection to an upstream asked for any of it.
    is_touched: bool,
    progress: Arc<Progress>,
}

impl RequestBody {
    /// No content.
    pub(super) fn empty() -> Self {
        Self::of(Pieces {
            read: VecDeque::new(),
            rest: None,
            left: Some(0),
            rules: None,
            is_touched: false,
            progress: Arc::new(Progress::begin()),
        })
    }

    fn of(pieces: Pieces) -> Self {
        Self(Arc::new(Mutex::new(pieces)))
    }

    /// Reads the content to its end or to [`WHOLE`] bytes, by the `rules`.
    pub(super) async fn read(mut inner: InnerRequest, mut rules: Rules) -> Result<(Self, Arc<Progress>), Failure> {
        let progress = Arc::new(Progress::begin());
        let (read, ended) = match Self::first(&mut inner, &mut rules, &progress).await {
            Ok(first) => first,
            Err(failure) => {
                inner.drain().await;
                return Err(failure);
            }
        };
        progress.mark();
        let left = match (ended, &rules.member) {
            (true, _) => Some(read.len() as u64),
            // The rest may still grow or shrink.
            (false, Some(_)) => None,
            (false, None) => inner.content_length(),
        };
        let rest = if ended { None } else { Some(Arc::new(Mutex::new(Some(Box::new(inner))))) };
        let read = Some(read.freeze()).filter(|read| !read.is_empty()).into_iter().collect();
        let rules = Some(rules).filter(|_| !ended);
        let pieces = Pieces { read, rest, left, rules, is_touched: false, progress: Arc::clone(&progress) };
        Ok((Self::of(pieces), progress))
    }

    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of it still comes.
    pub(super) fn rest(&self) -> Option<Arc<Rest>> {
        self.pieces().rest.clone()
    }

    /// Another hold of the same content: from its beginning where all of it was read, else of what is left of it.
    fn hold(&self) -> Self {
        let pieces = self.pieces();
        if pieces.rest.is_none() { Self::of(pieces.clone()) } else { Self(Arc::clone(&self.0)) }
    }

    /// Whether all of it is there, from its beginning.
    pub(super) fn is_untouched(&self) -> bool {
        !self.pieces().is_touched
    }

    /// What is sent of the content up to its end, or of its first [`WHOLE`] bytes, and whether it ended.
    async fn first(
        inner: &mut InnerRequest,
        rules: &mut Rules,
        progress: &Progress,
    ) -> Result<(BytesMut, bool), Failure> {
        // One buffer: a client may send a byte a chunk, and each piece by itself costs many times its size.
        let mut read = BytesMut::new();
        let mut ended = false;
        while !ended && read.len() as u64 <= WHOLE {
            match poll_fn(|context| inner.poll_part(context)).await? {
                Some(Part::Content(bytes)) => {
                    progress.read(&bytes);
                    read.extend_from_slice(&bytes);
                }
                Some(Part::Head(_)) => return Err(Failure::new(Code::CHANNEL_MESSAGE)),
                None => ended = true,
            }
        }
        if let Some(models) = &mut rules.models {
            models.pass(&read)?;
        }
        if let Some(member) = &mut rules.member {
            read = member.pass(&read)?;
        }
        if ended {
            rules.finish()?;
        }
        Ok((read, ended))
    }
}

impl Pieces {
    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Failure> {
        match &mut self.rules {
            Some(rules) => rules.pass(bytes),
            None => Ok(bytes),
        }
    }

    /// The next piece. The last one waits for the authenticated end behind it: whoever sends to the upstream stops asking once
    /// the announced length is there, and what stands behind the content would be neither checked nor read.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        self.is_touched = true;
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
                Ok(Some(Part::Content(bytes))) => {
                    self.progress.read(&bytes);
                    match self.pass(bytes) {
                        Ok(bytes) if bytes.is_empty() => {}
                        Ok(bytes) => self.read.push_back(bytes),
                        Err(failure) => return Poll::Ready(Some(Err(failure))),
                    }
                }
                Ok(None) => match self.rules.take().map_or(Ok(()), |rules| rules.finish()) {
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

/// What the content of a request has to keep to, and what it gets.
#[derive(Clone, Default)]
pub(super) struct Rules {
    /// It names a model of a list.
    pub(super) models: Option<ModelCheck>,
    /// It is an object, and gets this member.
    pub(super) member: Option<JsonMember>,
}

impl Rules {
    /// The next bytes, as they are sent.
    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Failure> {
        if let Some(models) = &mut self.models {
            models.pass(&bytes)?;
        }
        match &mut self.member {
            Some(member) => member.pass(&bytes).map(BytesMut::freeze),
            None => Ok(bytes),
        }
    }

    /// Checks that the content may end here.
    fn finish(&self) -> Result<(), Failure> {
        if let Some(models) = &self.models {
            models.finish()?;
        }
        self.member.as_ref().map_or(Ok(()), JsonMember::finish)
    }
}

/// The request once more; to be sent only where its content is untouched.
pub(super) fn hold(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut held = Request::new(request.body().hold());
    *held.method_mut() = request.method().clone();
    *held.uri_mut() = request.uri().clone();
    *held.headers_mut() = request.headers().clone();
    held
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let mut pieces = self.pieces();
        let bytes = ready!(pieces.poll_bytes(context));
        if let (Some(Ok(bytes)), Some(left)) = (&bytes, &mut pieces.left) {
            *left = left.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(bytes.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let pieces = self.pieces();
        pieces.read.is_empty() && pieces.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.pieces().left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
