//! The key in use. One proof runs at a time: requests that need a key while there is none wait for the same one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::failure::Failure;

/// For how long a failed proof answers for those that wait: without it each of them would repeat it in turn.
const FAILED: Duration = Duration::from_secs(1);

/// What may be used for a time.
pub(super) trait Limited {
    /// Until when, in milliseconds since boot.
    fn until_ms(&self) -> u64;
}

pub(super) struct Keys<K> {
    current: Mutex<Option<Arc<K>>>,
    /// Whoever proves holds it; in it is the last failure.
    proving: Turn<Option<(Instant, Failure)>>,
    clock: Arc<dyn Clock>,
}

impl<K: Limited> Keys<K> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { current: Mutex::default(), proving: Turn::default(), clock }
    }

    /// The key in use, or else the one that `prove` gives.
    ///
    /// # Errors
    /// Those of `prove`.
    pub(super) async fn get<F>(&self, prove: impl FnOnce() -> F) -> Result<Arc<K>, Failure>
    where
        F: Future<Output = Result<K, Failure>>,
    {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let mut failed = self.proving.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        if let Some((at, failure)) = &*failed
            && at.elapsed() < FAILED
        {
            return Err(failure.clone());
        }
        match prove().await {
            Ok(proven) => {
                let proven = Arc::new(proven);
                *self.lock() = Some(Arc::clone(&proven));
                *failed = None;
                Ok(proven)
            }
            Err(failure) => {
                *failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Ends the use of `proven`, unless another key has taken its place.
    pub(super) fn forget(&self, proven: &Arc<K>) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, proven)) {
            *current = None;
        }
    }

    /// The key in use, where its time is not over.
    pub(super) fn current(&self) -> Option<Arc<K>> {
        let now_ms = self.clock.boot_ms();
        self.lock().clone().filter(|current| now_ms < current.until_ms())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<K>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use blindllama_verifier::Code;
    use tokio::time::advance;

    use super::*;

    /// A machine that has run for so long.
    #[derive(Default)]
    struct Boot(AtomicU64);

    impl Clock for Boot {
        fn boot_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn wall_ms(&self) -> u64 {
            0
        }
    }

    /// A key that ends then.
    #[derive(Debug)]
    struct Until(u64);

    impl Limited for Until {
        fn until_ms(&self) -> u64 {
            self.0
        }
    }

    fn failed() -> Failure {
        Failure::new(Code::REQUEST_UPSTREAM_UNPROVEN)
    }

    #[tokio::test]
    async fn a_key_is_used_until_its_time_is_over() {
        let boot = Arc::new(Boot::default());
        let keys = Keys::new(Arc::clone(&boot) as Arc<dyn Clock>);
        for (now_ms, until_ms) in [(0, 100), (99, 100), (100, 200), (250, 350)] {
            boot.0.store(now_ms, Ordering::Relaxed);
            let key = keys.get(|| async { Ok(Until(now_ms + 100)) }).await.unwrap();
            assert_eq!(key.0, until_ms, "at {now_ms} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_wait_share_one_proof_and_its_failure_for_a_second() {
        let keys = Keys::<Until>::new(Arc::new(Boot::default()));
        let proofs = AtomicUsize::new(0);
        let fail = || async {
            proofs.fetch_add(1, Ordering::Relaxed);
            advance(Duration::from_millis(10)).await;
            Err(failed())
        };
        for outcome in futures::future::join_all((0..20).map(|_| keys.get(fail))).await {
            assert_eq!(outcome.unwrap_err(), failed());
        }
        assert_eq!(proofs.load(Ordering::Relaxed), 1);
        advance(FAILED).await;
        let succeed = || async {
            proofs.fetch_add(1, Ordering::Relaxed);
            advance(Duration::from_millis(10)).await;
            Ok(Until(1))
        };
        for outcome in futures::future::join_all((0..20).map(|_| keys.get(succeed))).await {
            assert!(outcome.is_ok());
        }
        assert_eq!(proofs.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn only_the_key_in_use_is_forgotten() {
        let keys = Keys::new(Arc::new(Boot::default()));
        let prove = |until| async move { Ok(Until(until)) };
        let first = keys.get(|| prove(1)).await.unwrap();
        keys.forget(&first);
        let second = keys.get(|| prove(2)).await.unwrap();
        keys.forget(&first);
        assert_eq!(keys.get(|| prove(3)).await.unwrap().0, second.0);
    }
}
