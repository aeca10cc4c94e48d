//! A limit on how long a body may pause and how slowly it may come, whichever side sends it.

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

/// A body that fails when nothing comes for the longest pause, or when it comes more slowly than a least rate for that time in all.
/// Only waiting counts: a reader that takes its time does not.
pub struct PauseLimit<B> {
    body: B,
    pause: Duration,
    /// Bytes that earn back a second of waiting; None where any byte earns back all of it.
    rate: Option<u64>,
    /// How long may still be waited.
    left: Duration,
    alarm: Pin<Box<Sleep>>,
    /// Since when the body is waited for.
    waiting: Option<Instant>,
}

impl<B> PauseLimit<B> {
    /// Limits the pauses of `body`.
    pub fn new(body: B, pause: Duration) -> Self {
        Self { body, pause, rate: None, left: pause, alarm: Box::pin(sleep(pause)), waiting: None }
    }

    /// Limits its average rate too: at least `rate` bytes a second, once `pause` was waited.
    pub fn at_least(self, rate: u64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// When it fails unless something comes; None while nobody waits.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.map(|_| self.alarm.deadline())
    }

    /// Counts the time that was waited, and what `bytes` earn.
    fn came(&mut self, bytes: usize) {
        let waited = self.waiting.take().map_or(Duration::ZERO, |since| since.elapsed());
        // At the least rate the time that is left does not change; any byte earns all of it where there is none.
        if let Some(rate) = self.rate {
            let earned = Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
            self.left = self.left.saturating_sub(waited).saturating_add(earned).min(self.pause);
        }
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
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
            this.came(data.map_or(0, Bytes::len));
            return Poll::Ready(frame.map(|frame| frame.map_err(Interruption::Broken)));
        }
        if this.waiting.is_none() {
            let now = Instant::now();
            this.waiting = Some(now);
            if let Some(deadline) = now.checked_add(this.left) {
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

    /// A body of which one byte comes in each period.
    struct Trickle(tokio::time::Interval);

    impl Body for Trickle {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            ready!(self.0.poll_tick(context));
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    /// How long `body` gives data, at most an hour.
    async fn lasts(mut body: PauseLimit<Trickle>) -> Duration {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(3600) && matches!(body.frame().await, Some(Ok(_))) {}
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_below_its_least_rate_is_interrupted_and_one_above_it_is_not() {
        let every = |milliseconds| Trickle(tokio::time::interval(Duration::from_millis(milliseconds)));
        let limited = |body| PauseLimit::new(body, Duration::from_secs(30));
        let slow = lasts(limited(every(20_000)).at_least(2)).await;
        assert!(slow <= Duration::from_secs(41), "{slow:?}");
        assert!(lasts(limited(every(490)).at_least(2)).await >= Duration::from_secs(3600));
        assert!(lasts(limited(every(29_000))).await >= Duration::from_secs(3600), "no rate is demanded");
    }

    #[tokio::test]
    async fn what_is_there_passes_however_short_the_limit() {
        let body = PauseLimit::new(Full::new(Bytes::from_static(b"here")), Duration::ZERO);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "here");
    }
}
