//! Idempotency keys that were run (PROTOCOL.md §11): each once per process, across key epochs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blindllama_verifier::Code;
use http::StatusCode;

use crate::clock::Clock;
use crate::digest::fingerprint;
use crate::failure::Failure;

/// The keys, in two generations of bounded size. A generation is forgotten as a whole: when every request in it is too old to be accepted
/// by its date, or when both are full. Then the date itself refuses what may have been forgotten, and nobody is shut out by those who filled
/// the memory: a client dates a request anew and sends it once more.
pub(super) struct IdempotencyKeys {
    capacity: usize,
    keep_ms: u64,
    clock: Arc<dyn Clock>,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    current: HashMap<Key, Outcome>,
    previous: HashMap<Key, Outcome>,
    /// When the previous generation got its last key, in milliseconds since boot and since 1970.
    previous_closed: (u64, u64),
    /// Requests dated before it may have been forgotten, in milliseconds since 1970.
    floor: u64,
}

type Key = [u8; 16];

/// What is known of the request with a key: a status, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome(u16);

impl Outcome {
    /// It is under way.
    const RUNNING: Self = Self(0);
    /// It was sent to the upstream, which did not answer.
    const UNKNOWN: Self = Self(1);

    const fn answered(status: StatusCode) -> Self {
        Self(status.as_u16())
    }

    fn sentence(self) -> String {
        match self {
            Self::RUNNING => "It is still being run.".into(),
            Self::UNKNOWN => "The model server did not answer the request: whether it was run is unknown.".into(),
            Self(status) => format!("It was answered with status {status}; answers are not stored."),
        }
    }
}

impl IdempotencyKeys {
    /// A memory of twice `capacity` keys for requests whose date may be `date_window_ms` off, in either direction.
    pub(super) fn new(capacity: usize, date_window_ms: u64, clock: Arc<dyn Clock>) -> Arc<Self> {
        let keep_ms = date_window_ms.saturating_mul(2);
        Arc::new(Self { capacity, keep_ms, clock, generations: Mutex::default() })
    }

    /// Takes `key` for a request of `date`, in milliseconds since 1970, that is about to run.
    ///
    /// # Errors
    /// `request.duplicate` for a key that was taken before, with what is known of that request; `request.date` for a date of which keys may
    /// have been forgotten.
    pub(super) fn take(self: &Arc<Self>, key: &[u8], date: u64) -> Result<ClaimedKey, Failure> {
        let key = fingerprint(key);
        let mut generations = self.lock();
        if let Some(outcome) = generations.current.get(&key).or_else(|| generations.previous.get(&key)) {
            return Err(Failure::new(Code::REQUEST_DUPLICATE).telling(outcome.sentence()));
        }
        if date >= generations.floor && generations.current.len() >= self.capacity {
            self.rotate(&mut generations);
        }
        if date < generations.floor {
            return Err(Failure::new(Code::REQUEST_DATE));
        }
        generations.current.insert(key, Outcome::RUNNING);
        drop(generations);
        Ok(ClaimedKey { keys: Arc::clone(self), key, outcome: Some(Outcome::UNKNOWN) })
    }

    /// Begins another generation.
    fn rotate(&self, generations: &mut Generations) {
        let (boot, wall) = generations.previous_closed;
        let now = self.clock.boot_ms();
        if !generations.previous.is_empty() && boot.saturating_add(self.keep_ms) > now {
            // A date has whole seconds.
            generations.floor = (wall / 1000).saturating_add(1).saturating_mul(1000);
        }
        generations.previous = std::mem::take(&mut generations.current);
        generations.previous_closed = (now, self.clock.wall_ms());
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what became of the request with `key`; None forgets it.
    fn settle(&self, key: &Key, outcome: Option<Outcome>) {
        let Generations { current, previous, .. } = &mut *self.lock();
        for generation in [current, previous] {
            match (generation.get_mut(key), outcome) {
                (Some(known), Some(outcome)) => *known = outcome,
                (Some(_), None) => drop(generation.remove(key)),
                (None, _) => {}
            }
        }
    }
}

/// A key that counts as run. What becomes of the request is unknown unless it is said before this is dropped.
pub(super) struct ClaimedKey {
    keys: Arc<IdempotencyKeys>,
    key: Key,
    outcome: Option<Outcome>,
}

impl ClaimedKey {
    /// The upstream's answer has this status. One that says that the request failed gives the key back: who repeats the request knows that
    /// it failed, and without a gateway the upstream would see it again.
    pub(super) fn answered(mut self, status: StatusCode) {
        let failed = status.is_client_error() || status.is_server_error();
        self.outcome = Some(Outcome::answered(status)).filter(|_| !failed);
    }

    /// Nothing was run.
    pub(super) fn give_back(mut self) {
        self.outcome = None;
    }
}

impl Drop for ClaimedKey {
    fn drop(&mut self) {
        self.keys.settle(&self.key, self.outcome);
    }
}

/// Whether `key` is 22 to 64 characters of base64url.
pub(super) fn is_key(key: &[u8]) -> bool {
    matches!(key.len(), 22..=64) && key.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Since boot; since 1970 it is 1000 s more.
    struct ManualClock(AtomicU64);

    impl Clock for ManualClock {
        fn boot_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn wall_ms(&self) -> u64 {
            self.boot_ms() + 1_000_000
        }
    }

    struct Memory {
        keys: Arc<IdempotencyKeys>,
        clock: Arc<ManualClock>,
    }

    impl Memory {
        fn of(capacity: usize) -> Self {
            let clock = Arc::new(ManualClock(AtomicU64::new(0)));
            Self { keys: IdempotencyKeys::new(capacity, 50_000, Arc::<ManualClock>::clone(&clock)), clock }
        }

        /// Takes a key for a request of now.
        fn take(&self, number: u32) -> Result<ClaimedKey, Failure> {
            self.take_dated(number, self.clock.wall_ms())
        }

        fn take_dated(&self, number: u32, date: u64) -> Result<ClaimedKey, Failure> {
            self.keys.take(format!("{number:022}").as_bytes(), date)
        }

        fn code(&self, number: u32) -> Code {
            self.take(number).err().map_or(Code::OK, |failure| failure.code)
        }

        fn at(&self, boot_ms: u64) {
            self.clock.0.store(boot_ms, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_key_runs_once() {
        let memory = Memory::of(10);
        assert_eq!([1, 1, 2].map(|number| memory.code(number)), [Code::OK, Code::REQUEST_DUPLICATE, Code::OK]);
    }

    #[test]
    fn a_key_is_remembered_into_the_next_generation() {
        let memory = Memory::of(2);
        assert!((0..4).all(|number| memory.take(number).is_ok()));
        assert!((0..4).all(|number| memory.code(number) == Code::REQUEST_DUPLICATE));
    }

    #[test]
    fn a_second_request_hears_what_is_known_of_the_first() {
        let memory = Memory::of(10);
        let told = |number| memory.take(number).err().expect("a duplicate").told;
        let first = memory.take(1).unwrap();
        assert_eq!(told(1), "It is still being run.");
        first.answered(StatusCode::CREATED);
        assert_eq!(told(1), "It was answered with status 201; answers are not stored.");
        drop(memory.take(2).unwrap());
        assert_eq!(told(2), "The model server did not answer the request: whether it was run is unknown.");
    }

    #[test]
    fn what_failed_or_never_ran_gives_its_key_back() {
        let memory = Memory::of(1);
        for status in [400, 404, 409, 429, 500, 503, 599] {
            memory.take(1).unwrap().answered(StatusCode::from_u16(status).unwrap());
        }
        memory.take(1).unwrap().give_back();
        // Out of the generation before too.
        let first = memory.take(1).unwrap();
        memory.take(2).unwrap().answered(StatusCode::OK);
        first.give_back();
        assert_eq!([2, 1].map(|number| memory.code(number)), [Code::REQUEST_DUPLICATE, Code::OK]);
    }

    #[test]
    fn a_full_memory_refuses_by_date_what_it_may_have_forgotten_and_nobody_else() {
        let memory = Memory::of(2);
        assert!((0..2).all(|number| memory.take(number).is_ok()));
        memory.at(10_500);
        assert!((2..4).all(|number| memory.take(number).is_ok()));
        memory.at(20_000);
        assert!((4..6).all(|number| memory.take(number).is_ok()), "one client fills it and another gets in");
        // 0 and 1 are forgotten, and with them every date until the moment when their generation was full.
        let refused = |date| memory.take_dated(0, date).err().map(|failure| failure.code);
        assert_eq!(refused(1_010_999), Some(Code::REQUEST_DATE));
        assert_eq!(memory.code(4), Code::REQUEST_DUPLICATE, "the younger generation stays");
    }

    #[test]
    fn what_is_too_old_by_its_date_is_forgotten_for_nothing() {
        let memory = Memory::of(2);
        assert!((0..4).all(|number| memory.take(number).is_ok()));
        memory.at(100_000);
        assert!(memory.take_dated(4, 1_050_000).is_ok(), "no date of the window is refused");
        assert_eq!(memory.code(3), Code::REQUEST_DUPLICATE, "the younger generation stays");
    }

    #[test]
    fn malformed_keys_are_none() {
        for malformed in [&b""[..], &[b'a'; 21], &[b'a'; 65], b"0123456789012345678901=", b"01234567890123456789 1"] {
            assert!(!is_key(malformed), "{malformed:?}");
        }
        assert!(is_key(&[b'_'; 22]) && is_key(&[b'Z'; 64]));
    }
}
