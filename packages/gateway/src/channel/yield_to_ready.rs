//! Lets every other task that is ready run once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::yield_now;

/// The turn of the others: over when this task is woken because they had it. To be asked again before that changes nothing, which a
/// transport does as often as it likes while it is polled.
pub(super) struct Turn(Arc<Over>);

struct Over {
    is_over: AtomicBool,
    waker: Waker,
}

impl Wake for Over {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake_by_ref();
    }
}

impl Turn {
    /// Begins it; wakes the task of `context` at its end.
    pub(super) fn begin(context: &Context<'_>) -> Self {
        let over = Arc::new(Over { is_over: AtomicBool::new(false), waker: context.waker().clone() });
        let waker = Waker::from(Arc::clone(&over));
        // The runtime keeps the waker until it has run what is ready, or wakes it at once.
        if pin!(yield_now()).poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            over.is_over.store(true, Ordering::Release);
        }
        Self(over)
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicU8;

    use super::*;

    #[tokio::test]
    async fn the_others_run_before_it_is_over() {
        let ran = Arc::new(AtomicU8::new(0));
        let counter = Arc::clone(&ran);
        tokio::spawn(async move { counter.fetch_add(1, Ordering::Relaxed) });
        let mut turn = None;
        poll_fn(|context| {
            let turn = turn.get_or_insert_with(|| Turn::begin(context));
            if turn.is_over() {
                return Poll::Ready(());
            }
            assert!(!turn.is_over(), "asking again ends nothing");
            assert_eq!(ran.load(Ordering::Relaxed), 0);
            Poll::Pending
        })
        .await;
        assert_eq!(ran.load(Ordering::Relaxed), 1);
    }
}
