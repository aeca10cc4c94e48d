//! Lets every other task that is ready run once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::yield_now;

/// Completes once every other ready task has been polled. Polls before that change nothing: a transport polls as often as it likes.
pub(super) struct YieldToReady(Arc<Completion>);

struct Completion {
    is_complete: AtomicBool,
    waker: Waker,
}

impl Wake for Completion {
    fn wake(self: Arc<Self>) {
        self.is_complete.store(true, Ordering::Release);
        self.waker.wake_by_ref();
    }
}

impl YieldToReady {
    /// Begins the wait; wakes the task of `context` at its end.
    pub(super) fn begin(context: &Context<'_>) -> Self {
        let completion = Arc::new(Completion { is_complete: AtomicBool::new(false), waker: context.waker().clone() });
        let waker = Waker::from(Arc::clone(&completion));
        // The runtime keeps the waker until it has run what is ready, or wakes it at once.
        if pin!(yield_now()).poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            completion.is_complete.store(true, Ordering::Release);
        }
        Self(completion)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.0.is_complete.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicU8;

    use super::*;

    #[tokio::test]
    async fn the_others_run_before_it_completes() {
        let ran = Arc::new(AtomicU8::new(0));
        let counter = Arc::clone(&ran);
        tokio::spawn(async move { counter.fetch_add(1, Ordering::Relaxed) });
        let mut yielding = None;
        poll_fn(|context| {
            let yielding = yielding.get_or_insert_with(|| YieldToReady::begin(context));
            if yielding.is_complete() {
                return Poll::Ready(());
            }
            assert!(!yielding.is_complete(), "asking again ends nothing");
            assert_eq!(ran.load(Ordering::Relaxed), 0);
            Poll::Pending
        })
        .await;
        assert_eq!(ran.load(Ordering::Relaxed), 1);
    }
}
