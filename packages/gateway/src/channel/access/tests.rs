use std::time::Duration;

use http::HeaderName;

use super::*;
use crate::clock::SystemClock;
use crate::log::Level;

const MINUTE: Duration = Duration::from_secs(window::SECONDS);

/// Without a fleet.
fn alone(settings: &AccessSettings) -> Arc<Access> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Arc::new(Access::new(settings, &clock, &Log::start(Level::Error)))
}

fn access(requests: Option<u64>, streams: Option<usize>, total_requests: Option<u64>) -> Arc<Access> {
    let keys = vec![sha256(b"one"), sha256(b"two")];
    alone(&AccessSettings { keys, requests, streams, total_requests, tokens: None, total_tokens: None, shared: None })
}

fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn asked(access: &Arc<Access>, key: &'static str, now: Instant) -> Result<StreamPlace, String> {
    let name = format!("Bearer {key}");
    let mut fields = HeaderMap::new();
    fields.insert(AUTHORIZATION, name.parse().unwrap());
    access
        .admit_here(&fields, now)
        .map(|(place, ..)| place)
        .map_err(|failure| format!("{}: {}", failure.code, failure.told))
}

#[test]
fn a_key_is_known_by_its_hash_in_each_of_its_fields() {
    let access = access(None, None, None);
    let now = Instant::now();
    for line in
        [("authorization", "Bearer one"), ("authorization", "bearer two"), ("api-key", "one"), ("x-api-key", "two")]
    {
        assert!(access.admit_here(&fields(&[line]), now).is_ok(), "{line:?}");
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
        let refused = access.admit_here(&fields(lines), now).err();
        assert_eq!(refused.map(|failure| failure.code), Some(Code::ACCESS_KEY), "{lines:?}");
    }
    let mut twice = fields(&[("x-api-key", "one")]);
    twice.append("x-api-key", "one".parse().unwrap());
    assert!(access.admit_here(&twice, now).is_err());
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

/// Two keys with limits on tokens, and a charge of the first one.
fn limited(tokens: Option<u64>, total_tokens: Option<u64>, now: Instant) -> (Arc<Access>, Charge) {
    let keys = vec![sha256(b"one"), sha256(b"two")];
    let settings = AccessSettings {
        keys,
        requests: None,
        streams: None,
        total_requests: None,
        tokens,
        total_tokens,
        shared: None,
    };
    let access = alone(&settings);
    let charge = access.admit_here(&fields(&[("x-api-key", "one")]), now).unwrap().1.expect("tokens are limited");
    (access, charge)
}

#[test]
fn tokens_are_counted_by_key_and_in_all_and_say_when_there_is_room() {
    let now = Instant::now();
    let (access, mut charge) = limited(Some(100), None, now);
    charge.set(99, now);
    assert!(asked(&access, "one", now).is_ok());
    charge.set(100, now + Duration::from_secs(20));
    let refused =
        access.admit_here(&fields(&[("x-api-key", "one")]), now + Duration::from_millis(20_500)).err().unwrap();
    assert_eq!(refused.told, "The limit is access.tokens_per_minute.");
    assert_eq!(refused.retry_after, Some(40));
    assert!(asked(&access, "two", now).is_ok(), "another key has its own");
    let (access, mut charge) = limited(None, Some(100), now);
    charge.set(100, now);
    for key in ["one", "two"] {
        assert_eq!(asked(&access, key, now).unwrap_err(), "access.limit: The limit is access.total_tokens_per_minute.");
    }
    assert!(asked(&access, "two", now + MINUTE).is_ok());
}

#[test]
fn what_an_answer_took_beyond_the_limit_is_owed_by_the_next_minutes() {
    let now = Instant::now();
    let (access, mut charge) = limited(Some(100), None, now);
    charge.set(250, now);
    let refused = access.admit_here(&fields(&[("x-api-key", "one")]), now).err().unwrap();
    assert_eq!(refused.retry_after, Some(120));
    for (seconds, admitted) in [(60, false), (90, false), (119, false), (120, true)] {
        let asked = asked(&access, "one", now + Duration::from_secs(seconds));
        assert_eq!(asked.is_ok(), admitted, "after {seconds} s");
    }
}

#[test]
fn an_estimate_is_corrected_within_its_minute_and_never_below_what_it_added() {
    let now = Instant::now();
    let (access, mut charge) = limited(Some(100), None, now);
    charge.set(1000, now);
    charge.set(40, now);
    assert!(asked(&access, "one", now).is_ok(), "the answer said how many");
    charge.set(0, now);
    let mut other = access.admit_here(&fields(&[("x-api-key", "one")]), now).unwrap().1.unwrap();
    other.set(90, now);
    let later = now + MINUTE;
    assert!(asked(&access, "one", later).is_ok());
    let mut third = access.admit_here(&fields(&[("x-api-key", "one")]), later).unwrap().1.unwrap();
    third.set(100, later);
    other.set(0, later);
    assert!(asked(&access, "one", later).is_err(), "another minute's estimate takes nothing from this one");
}
