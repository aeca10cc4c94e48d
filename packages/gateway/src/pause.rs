//! A limit on how long a body may pause, whichever side sends it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Why a body ended before its end.
#[derive(Debug)]
pub enum Interruption<E> {
    /// Nothing came for the longest pause.
    Paused,
    /// The transport broke.
    Broken(E),
}

/// A body that fails when nothing comes for `pause`. Only waiting counts: a reader that takes its time does not.
pub struct PauseLimit<B> {
    body: B,
    pause: Duration,
    alarm: Pin<Box<Sleep>>,
    waiting: bool,
}

impl<B> PauseLimit<B> {
    /// Limits the pauses of `body`.
    pub fn new(body: B, pause: Duration) -> Self {
        Self { body, pause, alarm: Box::pin(sleep(pause)), waiting: false }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for PauseLimit<B> {
    type Data = Bytes;
    type Error = Interruption<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Interruption::Broken)));
        }
        if !this.waiting {
            this.waiting = true;
            if let Some(deadline) = Instant::now().checked_add(this.pause) {
                this.alarm.as_mut().reset(deadline);
            }
        }
        ready!(this.alarm.as_mut().poll(context));
        Poll::Ready(Some(Err(Interruption::Paused)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http_body_util::{BodyExt, Full};

    use super::*;

    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_that_sends_nothing_is_interrupted() {
        let mut body = PauseLimit::new(Silent, Duration::from_millis(20));
        let frame = tokio::time::timeout(Duration::from_secs(20), body.frame()).await.expect("it is interrupted");
        assert!(matches!(frame, Some(Err(Interruption::Paused))));
    }

    #[tokio::test]
    async fn what_is_there_passes_however_short_the_limit() {
        let body = PauseLimit::new(Full::new(Bytes::from_static(b"here")), Duration::ZERO);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "here");
    }
}
