//! Ends answers that nobody takes. hyper asks a body for its next frame only when the peer has room for it, so a peer that opens no
//! window would hold a stream, and the upstream behind it, for ever.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::task_local;
use tokio::time::{Instant, sleep};

task_local! {
    /// Since when the body that this task sends waits to be asked for more; None while it has nothing to give.
    static WAITING_SINCE: Cell<Option<Instant>>;
}

/// Runs `task` to its end, or until the body that it sends was not asked for more for longer than `limit`; the task is dropped then.
pub(super) fn unless_stalled(limit: Duration, task: impl Future<Output = ()>) -> impl Future<Output = ()> {
    // Boxed: each future around it would keep room for one more copy, as long as the stream.
    let mut task = Box::pin(task);
    WAITING_SINCE.scope(Cell::new(None), async move {
        loop {
            let left = limit.saturating_sub(waited());
            tokio::select! {
                () = &mut task => return,
                () = sleep(left) => if waited() >= limit {
                    return;
                },
            }
        }
    })
}

fn waited() -> Duration {
    WAITING_SINCE.with(Cell::get).map_or(Duration::ZERO, |since| since.elapsed())
}

fn wait_since(since: Option<Instant>) {
    // Outside of a watched task there is nobody to tell.
    let _ = WAITING_SINCE.try_with(|waiting| waiting.set(since));
}

/// Runs the tasks of HTTP/2 streams, each watched.
#[derive(Clone)]
pub(super) struct Watched {
    /// Longest time that a body waits to be asked for more.
    pub(super) limit: Duration,
}

impl<F> Executor<F> for Watched
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        tokio::spawn(unless_stalled(self.limit, task));
    }
}

/// A body that tells its task when it begins to wait, and keeps `K` as long as it lives.
pub(super) struct Tracked<B, K> {
    body: B,
    _kept: K,
}

impl<B, K> Tracked<B, K> {
    pub(super) const fn new(body: B, kept: K) -> Self {
        Self { body, _kept: kept }
    }
}

impl<B: Body + Unpin, K: Unpin> Body for Tracked<B, K> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        wait_since(matches!(frame, Poll::Ready(Some(_))).then(Instant::now));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B, K> Drop for Tracked<B, K> {
    fn drop(&mut self) {
        wait_since(None);
    }
}
