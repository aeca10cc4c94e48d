//! Who may send requests, and how many (PROTOCOL.md §11.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use blindllama_verifier::Code;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::config::AccessSettings;
use crate::digest::sha256;
use crate::failure::Failure;

/// Where a key may be that is not in `authorization`, in this order.
const KEY_FIELDS: [&str; 2] = ["api-key", "x-api-key"];

/// Of the limits on requests.
const MINUTE: Duration = Duration::from_secs(60);

/// The keys of one gateway, with what each of them used.
pub(super) struct Access {
    /// Replaced as a whole: a request is judged by one list.
    keys: RwLock<Arc<[Arc<Key>]>>,
    all: Mutex<Window>,
    settings: AccessSettings,
}

struct Key {
    hash: [u8; 32],
    used: Mutex<Window>,
    streams: Option<Arc<Semaphore>>,
}

/// Requests since the window began.
struct Window {
    limit: Option<u64>,
    began: Option<Instant>,
    used: u64,
}

/// The place of an open answer; None where nothing is counted.
pub(super) type StreamPlace = Option<OwnedSemaphorePermit>;

impl Access {
    pub(super) fn new(settings: &AccessSettings) -> Self {
        let keys = settings.keys.iter().map(|hash| Arc::new(Key::new(*hash, settings))).collect();
        Self {
            keys: RwLock::new(keys),
            all: Mutex::new(Window::new(settings.total_requests)),
            settings: settings.clone(),
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

    /// Counts a request of a known key, and takes a place for its answer.
    ///
    /// # Errors
    /// `access.key` without a key of the configuration; `access.limit` where a limit is reached, which counts nothing.
    pub(super) fn admit(&self, fields: &HeaderMap, now: Instant) -> Result<StreamPlace, Failure> {
        let key = key_in(fields).and_then(|text| self.find(text)).ok_or(Failure::new(Code::ACCESS_KEY))?;
        let place = key.streams.as_ref().map(|streams| Arc::clone(streams).try_acquire_owned()).transpose();
        let place = place.map_err(|_| reached("access.streams"))?;
        let mut used = key.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.has_room(now) {
            return Err(reached("access.requests_per_minute"));
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.has_room(now) {
            return Err(reached("access.total_requests_per_minute"));
        }
        used.count();
        all.count();
        Ok(place)
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
            used: Mutex::new(Window::new(settings.requests)),
            streams: settings.streams.map(|streams| Arc::new(Semaphore::new(streams))),
        }
    }
}

impl Window {
    const fn new(limit: Option<u64>) -> Self {
        Self { limit, began: None, used: 0 }
    }

    /// Whether one more is within the limit; begins another window where the last one is over.
    fn has_room(&mut self, now: Instant) -> bool {
        if self.began.is_none_or(|began| now.saturating_duration_since(began) >= MINUTE) {
            self.began = Some(now);
            self.used = 0;
        }
        self.limit.is_none_or(|limit| self.used < limit)
    }

    const fn count(&mut self) {
        self.used = self.used.saturating_add(1);
    }
}

fn reached(limit: &'static str) -> Failure {
    Failure::new(Code::ACCESS_LIMIT).telling(format!("The limit is {limit}."))
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
mod tests {
    use http::HeaderName;

    use super::*;

    fn access(requests: Option<u64>, streams: Option<usize>, total_requests: Option<u64>) -> Access {
        let keys = vec![sha256(b"one"), sha256(b"two")];
        Access::new(&AccessSettings { keys, requests, streams, total_requests })
    }

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn asked(access: &Access, key: &'static str, now: Instant) -> Result<StreamPlace, String> {
        let name = format!("Bearer {key}");
        let mut fields = HeaderMap::new();
        fields.insert(AUTHORIZATION, name.parse().unwrap());
        access.admit(&fields, now).map_err(|failure| format!("{}: {}", failure.code, failure.told))
    }

    #[test]
    fn a_key_is_known_by_its_hash_in_each_of_its_fields() {
        let access = access(None, None, None);
        let now = Instant::now();
        for line in
            [("authorization", "Bearer one"), ("authorization", "bearer two"), ("api-key", "one"), ("x-api-key", "two")]
        {
            assert!(access.admit(&fields(&[line]), now).is_ok(), "{line:?}");
        }
        let hash: &'static str = Box::leak(crate::hex::hex(&sha256(b"one")).into_boxed_str());
        for lines in [
            &[][..],
            &[("authorization", "Bearer three")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Basic one")],
            &[("authorization", "one")],
            &[("authorization", "Bearer one "), ("openai-project", "one")],
            &[("api-key", "")],
            &[("api-key", hash)],
        ] {
            let refused = access.admit(&fields(lines), now).err();
            assert_eq!(refused.map(|failure| failure.code), Some(Code::ACCESS_KEY), "{lines:?}");
        }
        let mut twice = fields(&[("x-api-key", "one")]);
        twice.append("x-api-key", "one".parse().unwrap());
        assert!(access.admit(&twice, now).is_err());
    }

    #[test]
    fn requests_are_counted_by_key_and_in_all_within_a_minute() {
        let access = access(Some(2), None, Some(3));
        let now = Instant::now();
        for key in ["one", "one", "two"] {
            assert!(asked(&access, key, now).is_ok());
        }
        let own = asked(&access, "one", now).unwrap_err();
        assert_eq!(own, "access.limit: The limit is access.requests_per_minute.");
        let all = asked(&access, "two", now).unwrap_err();
        assert_eq!(all, "access.limit: The limit is access.total_requests_per_minute.");
        let later = now + MINUTE;
        assert!(asked(&access, "two", later - Duration::from_millis(1)).is_err());
        assert!(asked(&access, "one", later).is_ok());
    }

    #[test]
    fn keys_are_replaced_and_those_that_stay_keep_their_counts() {
        let access = access(Some(1), Some(1), None);
        let now = Instant::now();
        let open = asked(&access, "one", now).unwrap();
        assert!(open.is_some());
        access.replace(&[sha256(b"three"), sha256(b"one")]);
        let counted = |key| asked(&access, key, now).unwrap_err();
        assert_eq!(counted("one"), "access.limit: The limit is access.streams.", "its answer is still open");
        drop(open);
        assert_eq!(counted("one"), "access.limit: The limit is access.requests_per_minute.");
        assert!(counted("two").starts_with("access.key"), "it is gone");
        assert!(asked(&access, "three", now).is_ok());
        access.replace(&[]);
        assert!(counted("one").starts_with("access.key") && counted("three").starts_with("access.key"));
    }

    #[test]
    fn answers_are_counted_while_they_are_open() {
        let access = access(None, Some(1), None);
        let now = Instant::now();
        let open = asked(&access, "one", now).unwrap();
        assert!(open.is_some());
        assert_eq!(asked(&access, "one", now).unwrap_err(), "access.limit: The limit is access.streams.");
        assert!(asked(&access, "two", now).is_ok(), "another key has its own places");
        drop(open);
        assert!(asked(&access, "one", now).is_ok());
    }
}
