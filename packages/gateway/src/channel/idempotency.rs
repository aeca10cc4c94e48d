//! Idempotency keys that were run (PROTOCOL.md §11): each once per process, across key epochs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use blindllama_verifier::Code;

use crate::clock::Clock;
use crate::digest::fingerprint;
use crate::failure::Failure;

/// The keys, in two generations of bounded size. A generation is forgotten as a whole, and only when every request in it is too
/// old to be accepted by its date; until then a full memory accepts nothing new.
pub(super) struct IdempotencyKeys {
    capacity: usize,
    keep_ms: u64,
    clock: Arc<dyn Clock>,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    current: HashSet<[u8; 16]>,
    previous: HashSet<[u8; 16]>,
    /// When the previous generation got its last key, in milliseconds since boot.
    previous_closed: u64,
}

impl IdempotencyKeys {
    /// A memory of twice `capacity` keys for requests whose date may be `date_window_ms` off, in either direction.
    pub(super) fn new(capacity: usize, date_window_ms: u64, clock: Arc<dyn Clock>) -> Self {
        Self { capacity, keep_ms: date_window_ms.saturating_mul(2), clock, generations: Mutex::default() }
    }

    /// Takes `key` for a request that is about to run.
    ///
    /// # Errors
    /// `request.idempotency_key` for a malformed key, `request.duplicate` for one that was taken before, `channel.busy` when
    /// the memory is full of requests that might still be repeated.
    pub(super) fn take(&self, key: &[u8]) -> Result<(), Failure> {
        if !is_key(key) {
            return Err(Failure::new(Code::REQUEST_IDEMPOTENCY_KEY));
        }
        let key = fingerprint(key);
        let now = self.clock.boot_ms();
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.current.contains(&key) || generations.previous.contains(&key) {
            return Err(Failure::new(Code::REQUEST_DUPLICATE));
        }
        if generations.current.len() >= self.capacity {
            let forgettable = generations.previous_closed.saturating_add(self.keep_ms) <= now;
            if !generations.previous.is_empty() && !forgettable {
                return Err(Failure::new(Code::CHANNEL_BUSY));
            }
            generations.previous = std::mem::take(&mut generations.current);
            generations.previous_closed = now;
        }
        generations.current.insert(key);
        Ok(())
    }
}

/// Whether `key` is 22 to 64 characters of base64url.
fn is_key(key: &[u8]) -> bool {
    matches!(key.len(), 22..=64) && key.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct HandClock(AtomicU64);

    impl Clock for HandClock {
        fn boot_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn wall_ms(&self) -> u64 {
            unreachable!("the memory never looks at the wall clock")
        }
    }

    fn keys(capacity: usize) -> (IdempotencyKeys, Arc<HandClock>) {
        let clock = Arc::new(HandClock(AtomicU64::new(0)));
        (IdempotencyKeys::new(capacity, 50, Arc::<HandClock>::clone(&clock)), clock)
    }

    fn key(number: u32) -> Vec<u8> {
        format!("{number:022}").into_bytes()
    }

    fn code(result: Result<(), Failure>) -> Code {
        result.err().map_or(Code::OK, |failure| failure.code)
    }

    #[test]
    fn a_key_runs_once() {
        let (keys, _) = keys(10);
        assert_eq!(code(keys.take(&key(1))), Code::OK);
        assert_eq!(code(keys.take(&key(1))), Code::REQUEST_DUPLICATE);
        assert_eq!(code(keys.take(&key(2))), Code::OK);
    }

    #[test]
    fn a_key_is_remembered_into_the_next_generation() {
        let (keys, _) = keys(2);
        assert!((0..4).all(|number| keys.take(&key(number)).is_ok()));
        assert!((0..4).all(|number| code(keys.take(&key(number))) == Code::REQUEST_DUPLICATE));
    }

    #[test]
    fn nothing_is_forgotten_while_it_could_be_repeated() {
        let (keys, clock) = keys(2);
        assert!((0..4).all(|number| keys.take(&key(number)).is_ok()));
        assert_eq!(code(keys.take(&key(4))), Code::CHANNEL_BUSY);
        clock.0.store(99, Ordering::Relaxed);
        assert_eq!(code(keys.take(&key(4))), Code::CHANNEL_BUSY);
        clock.0.store(100, Ordering::Relaxed);
        assert_eq!(code(keys.take(&key(4))), Code::OK);
        assert_eq!(code(keys.take(&key(3))), Code::REQUEST_DUPLICATE, "the younger generation stays");
    }

    #[test]
    fn malformed_keys_are_refused() {
        let (keys, _) = keys(10);
        for malformed in [&b""[..], &[b'a'; 21], &[b'a'; 65], b"0123456789012345678901=", b"01234567890123456789 1"] {
            assert_eq!(code(keys.take(malformed)), Code::REQUEST_IDEMPOTENCY_KEY, "{malformed:?}");
        }
        assert!(keys.take(&[b'_'; 22]).is_ok() && keys.take(&[b'Z'; 64]).is_ok());
    }
}
