//! Ends answers that nobody takes. hyper asks a body for its next frame only when the peer has room for it, so a peer that opens no
//! window would hold a stream, and the upstream behind it, for ever.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::task_local;
use tokio::time::{Instant, sleep};

use crate::budget::PlaceHandle;

task_local! {
    /// Of the body that this task sends.
    static SENDING: Sending;
}

#[derive(Default)]
struct Sending {
    /// Since when the body waits to be asked for more; None while it has nothing to give.
    waiting_since: Cell<Option<Instant>>,
    /// The place without which the body may not be sent on.
    place_handle: RefCell<Option<PlaceHandle>>,
}

/// Runs `task` to its end, or until the body that it sends was not asked for more for longer than `limit`, or lost its place; the task is
/// dropped then.
pub(super) fn unless_stalled(limit: Duration, task: impl Future<Output = ()>) -> impl Future<Output = ()> {
    // Boxed: each future around it would keep room for one more copy, as long as the stream.
    let mut task = Box::pin(task);
    SENDING.scope(Sending::default(), async move {
        loop {
            let left = limit.saturating_sub(waited());
            tokio::select! {
                // The task comes first: it may take a place while it runs, which is then watched.
                biased;
                () = &mut task => return,
                () = poll_fn(poll_evicted) => return,
                () = sleep(left) => if waited() >= limit {
                    return;
                },
            }
        }
    })
}

/// Ends the task that calls, once `place_handle` loses its place.
pub(super) fn send_while(place_handle: PlaceHandle) {
    // Outside of a watched task there is nobody to end.
    let _ = SENDING.try_with(|sending| sending.place_handle.replace(Some(place_handle)));
}

fn poll_evicted(context: &mut Context<'_>) -> Poll<()> {
    SENDING.with(|sending| match &mut *sending.place_handle.borrow_mut() {
        Some(place_handle) => place_handle.poll_evicted(context),
        None => Poll::Pending,
    })
}

fn waited() -> Duration {
    SENDING.with(|sending| sending.waiting_since.get()).map_or(Duration::ZERO, |since| since.elapsed())
}

fn wait_since(since: Option<Instant>) {
    // Outside of a watched task there is nobody to tell.
    let _ = SENDING.try_with(|sending| sending.waiting_since.set(since));
}

/// Runs the tasks of HTTP/2 streams, each watched.
#[derive(Clone)]
pub(super) struct StallExecutor {
    /// Longest time that a body waits to be asked for more.
    pub(super) limit: Duration,
}

impl<F> Executor<F> for StallExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        tokio::spawn(unless_stalled(self.limit, task));
    }
}

/// A body that tells its task when it begins to wait, and keeps `K` as long as it lives.
///
/// HTTP/2 takes the last frame of a body as soon as the peer opened room for one byte of it, and the body would be over while the peer
/// takes nothing. The last byte is therefore given by itself: room for it comes when all others were sent.
pub(super) struct StallBody<B, K> {
    body: B,
    /// Whether the body shares its connection with others, as in HTTP/2.
    shares_connection: bool,
    last_byte: Option<Bytes>,
    _kept: K,
}

impl<B, K> StallBody<B, K> {
    pub(super) const fn new(body: B, kept: K, shares_connection: bool) -> Self {
        Self { body, shares_connection, last_byte: None, _kept: kept }
    }
}

impl<B: Body<Data = Bytes> + Unpin, K> StallBody<B, K> {
    /// The next frame, without the last byte of the last one.
    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(byte) = self.last_byte.take() {
            return Poll::Ready(Some(Ok(Frame::data(byte))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        if !self.shares_connection || !self.body.is_end_stream() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let frame = match frame.into_data() {
            Ok(mut data) if data.len() > 1 => {
                self.last_byte = Some(data.split_off(data.len().saturating_sub(1)));
                Frame::data(data)
            }
            Ok(data) => Frame::data(data),
            Err(frame) => frame,
        };
        Poll::Ready(Some(Ok(frame)))
    }
}

impl<B: Body<Data = Bytes> + Unpin, K: Unpin> Body for StallBody<B, K> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = self.poll_body(context);
        wait_since(matches!(frame, Poll::Ready(Some(_))).then(Instant::now));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.last_byte.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, byte) = (self.body.size_hint(), self.last_byte.as_ref().map_or(0, Bytes::len) as u64);
        if let Some(exact) = hint.exact() {
            hint.set_exact(exact.saturating_add(byte));
        }
        hint
    }
}

impl<B, K> Drop for StallBody<B, K> {
    fn drop(&mut self) {
        wait_since(None);
    }
}
