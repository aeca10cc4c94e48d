//! Moments at which what gathered may leave: times that do not depend on when it came.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Whole periods since the answer began.
pub(super) struct BatchTimer {
    start: Instant,
    period: Duration,
    next: Option<Pin<Box<Sleep>>>,
}

impl BatchTimer {
    pub(super) fn new(period: Duration) -> Self {
        Self { start: Instant::now(), period, next: None }
    }

    /// Whether the first tick since this was asked for came; else the task of `context` is woken by it.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> bool {
        let next = self.next.get_or_insert_with(|| {
            let passed = self.start.elapsed();
            let behind = passed.as_nanos().checked_rem(self.period.as_nanos()).unwrap_or_default();
            let wait = self.period.saturating_sub(Duration::from_nanos(u64::try_from(behind).unwrap_or_default()));
            let now = self.start.checked_add(passed).unwrap_or(self.start);
            Box::pin(sleep_until(now.checked_add(wait).unwrap_or(now)))
        });
        let came = next.as_mut().poll(context) != Poll::Pending;
        if came {
            self.next = None;
        }
        came
    }

    /// Forgets that a tick was asked for.
    pub(super) fn reset(&mut self) {
        self.next = None;
    }
}
