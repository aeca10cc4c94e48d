//! Who may send requests, and how many (PROTOCOL.md §11.2).

mod shared;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use blindllama_verifier::Code;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use self::shared::{Shared, SharedTokens};
use self::window::{Added, Window, reached};
use crate::clock::Clock;
use crate::config::AccessSettings;
use crate::digest::sha256;
use crate::failure::Failure;
use crate::log::Log;

/// Where a key may be that is not in `authorization`, in this order.
const KEY_FIELDS: [&str; 2] = ["api-key", "x-api-key"];

/// The keys of one gateway, with what each of them used.
pub(super) struct Access {
    /// Replaced as a whole: a request is judged by one list.
    keys: RwLock<Arc<[Arc<Key>]>>,
    all: Used,
    settings: AccessSettings,
    /// None: this process counts alone.
    shared: Option<Shared>,
}

struct Key {
    hash: [u8; 32],
    used: Used,
    streams: Option<Arc<Semaphore>>,
}

/// What was used within a minute, of one key or of all.
struct Used {
    requests: Mutex<Window>,
    tokens: Mutex<Window>,
}

/// Names of the settings, of a key and of all.
const REQUESTS: [&str; 2] = ["access.requests_per_minute", "access.total_requests_per_minute"];
const TOKENS: [&str; 2] = ["access.tokens_per_minute", "access.total_tokens_per_minute"];

/// The place of an open answer; None where nothing is counted.
pub(super) type StreamPlace = Option<OwnedSemaphorePermit>;

impl Access {
    pub(super) fn new(settings: &AccessSettings, clock: &Arc<dyn Clock>, log: &Log) -> Self {
        let keys = settings.keys.iter().map(|hash| Arc::new(Key::new(*hash, settings))).collect();
        Self {
            keys: RwLock::new(keys),
            all: Used::new(settings.total_requests, settings.total_tokens),
            settings: settings.clone(),
            shared: Shared::of(settings, clock, log),
        }
    }

    /// From now on exactly the keys with these hashes are known. A key that stays keeps what it used; answers that are open go on. Without
    /// any hash, no request has a known key.
    pub(super) fn replace(&self, hashes: &[[u8; 32]]) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let kept: HashMap<_, _> = keys.iter().map(|key| (key.hash, key)).collect();
        let key = |hash| match kept.get(hash) {
            Some(key) => Arc::clone(key),
            None => Arc::new(Key::new(*hash, &self.settings)),
        };
        *keys = hashes.iter().map(key).collect();
    }

    /// Counts a request of a known key, here and in the fleet, and takes a place for its answer. The charge for its tokens is None where they
    /// are not limited.
    ///
    /// # Errors
    /// `access.key` without a key of the configuration; `access.limit` where a limit is reached, which counts nothing.
    pub(super) async fn admit(
        self: &Arc<Self>,
        fields: &HeaderMap,
        now: Instant,
    ) -> Result<(StreamPlace, Option<Charge>), Failure> {
        let (place, charge, mut counted) = self.admit_here(fields, now)?;
        if let Some(shared) = &self.shared {
            let admitted = shared.admit(counted.key.hash).await;
            admitted.inspect_err(|_| self.take_back(&mut counted, now))?;
        }
        Ok((place, charge))
    }

    /// Keeps in touch with the counter of the fleet; ends only where there is none.
    pub(super) async fn count_with_fleet(&self) {
        if let Some(shared) = &self.shared {
            shared.run().await;
        }
    }

    /// As [`Self::admit`], by this process alone.
    fn admit_here(
        self: &Arc<Self>,
        fields: &HeaderMap,
        now: Instant,
    ) -> Result<(StreamPlace, Option<Charge>, Counted), Failure> {
        let key = key_in(fields).and_then(|text| self.find(text)).ok_or(Failure::new(Code::ACCESS_KEY))?;
        let place = key.streams.as_ref().map(|streams| Arc::clone(streams).try_acquire_owned()).transpose();
        let place = place.map_err(|_| reached("access.streams"))?;
        for (used, setting) in [&key.used, &self.all].into_iter().zip(TOKENS) {
            lock(&used.tokens).check(setting, now)?;
        }
        let mut used = lock(&key.used.requests);
        used.check(REQUESTS[0], now)?;
        let mut all = lock(&self.all.requests);
        all.check(REQUESTS[1], now)?;
        let mut added = [Added::default(), Added::default()];
        for (window, added) in [&mut *used, &mut *all].into_iter().zip(&mut added) {
            window.correct(0, 1, added, now);
        }
        drop((used, all));
        let is_charged = self.settings.tokens.is_some() || self.settings.total_tokens.is_some();
        let charge = is_charged.then(|| Charge {
            access: Arc::clone(self),
            key: Arc::clone(&key),
            tokens: 0,
            added: [Added::default(), Added::default()],
            shared: SharedTokens::default(),
        });
        Ok((place, charge, Counted { key, added }))
    }

    /// The fleet has no room for a request that was counted here.
    fn take_back(&self, counted: &mut Counted, now: Instant) {
        for (used, added) in [&counted.key.used, &self.all].into_iter().zip(&mut counted.added) {
            lock(&used.requests).correct(1, 0, added, now);
        }
    }

    /// Compares with every key, in a time that does not depend on which one it is.
    fn find(&self, text: &[u8]) -> Option<Arc<Key>> {
        let hash = sha256(text);
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let found = keys
            .iter()
            .fold(None, |found, key| if verify_slices_are_equal(&key.hash, &hash).is_ok() { Some(key) } else { found });
        found.cloned()
    }
}

impl Key {
    fn new(hash: [u8; 32], settings: &AccessSettings) -> Self {
        Self {
            hash,
            used: Used::new(settings.requests, settings.tokens),
            streams: settings.streams.map(|streams| Arc::new(Semaphore::new(streams))),
        }
    }
}

impl Used {
    fn new(requests: Option<u64>, tokens: Option<u64>) -> Self {
        Self { requests: Mutex::new(Window::new(requests)), tokens: Mutex::new(Window::new(tokens)) }
    }
}

/// A request that was counted, in the windows of its key and of all.
struct Counted {
    key: Arc<Key>,
    added: [Added; 2],
}

/// The tokens of one request, as far as they are known.
pub(super) struct Charge {
    access: Arc<Access>,
    key: Arc<Key>,
    tokens: u64,
    /// Of the windows of the key and of all.
    added: [Added; 2],
    shared: SharedTokens,
}

impl Charge {
    /// From now on the request counts so many tokens.
    pub(super) fn set(&mut self, tokens: u64, now: Instant) {
        for (used, added) in [&self.key.used, &self.access.all].into_iter().zip(&mut self.added) {
            lock(&used.tokens).correct(self.tokens, tokens, added, now);
        }
        if let Some(shared) = &self.access.shared {
            shared.correct(self.key.hash, self.tokens, tokens, &mut self.shared);
        }
        self.tokens = tokens;
    }
}

fn lock(window: &Mutex<Window>) -> MutexGuard<'_, Window> {
    window.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key that a request names: as OpenAI's clients send it, or in the fields of other clients. A field that stands twice names none.
fn key_in(fields: &HeaderMap) -> Option<&[u8]> {
    let only = |name: &str| {
        let mut values = fields.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).map(http::HeaderValue::as_bytes)
    };
    let bearer = only(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
    });
    bearer.or_else(|| KEY_FIELDS.into_iter().find_map(only)).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests;
