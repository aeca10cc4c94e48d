//! Limits of API keys that the gateways of a fleet count together, in a real Redis (PROTOCOL.md §11.2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blindllama_gateway::digest::sha256;
use blindllama_gateway::hex::hex;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::support::client::Attested;
use crate::support::redis::{PASSWORD, RIGHTS};
use crate::support::{Answer, Gateway, Message, Redis, Setup, Swtpm, Upstream, in_time};

pub(crate) const ONE: &str = "Bearer one-key-of-the-service";
const TWO: &str = "Bearer two-key-of-the-service";
pub(crate) const SECRET: &str = "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592";

/// The longest that a request waits for the counter.
const WAIT: Duration = Duration::from_millis(500);

/// A gateway of a fleet, with what may not end before it.
struct Member {
    gateway: Gateway,
    attested: Attested,
    _swtpm: Swtpm,
}

impl Member {
    async fn start(upstream: &Upstream, url: &str, limits: &[(&str, i64)]) -> Self {
        let swtpm = Swtpm::start().await;
        let setup = limits
            .iter()
            .fold(shared(Setup::new(&swtpm, upstream), url), |setup, (limit, value)| setup.with(limit, *value));
        let gateway = setup.start().await;
        Self { attested: Attested::to(&gateway).await, gateway, _swtpm: swtpm }
    }

    async fn ask(&self, key: &'static str) -> Answer {
        let prompt = r#"{"messages":"words-of-a-prompt"}"#;
        self.attested.ask(&Message::post("/v1/chat/completions", prompt).with("authorization", key)).await
    }

    async fn statuses<const N: usize>(&self, keys: [&'static str; N]) -> [u16; N] {
        let mut statuses = [0; N];
        for (status, key) in statuses.iter_mut().zip(keys) {
            *status = self.ask(key).await.status();
        }
        statuses
    }
}

pub(crate) fn shared(setup: Setup, url: &str) -> Setup {
    let keys: Vec<_> = [ONE, TWO].iter().map(|line| hex(&sha256(&line.as_bytes()["Bearer ".len()..]))).collect();
    let setup = setup.with("access.keys", keys).with("access.shared", url);
    setup.with("access.shared_secret", SECRET).with("access.shared_password", PASSWORD)
}

/// Windows are minutes of the wall clock: what is asked in the next seconds falls into one.
pub(crate) async fn within_a_minute() {
    let left = 60_000 - since_the_minute();
    if left < 20_000 {
        sleep(Duration::from_millis(left + 10)).await;
    }
}

/// Milliseconds of this window that have passed.
fn since_the_minute() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis() % 60_000).unwrap()
}

/// What operators are told to give is what the tests give.
#[test]
fn the_rights_of_the_gateways_are_those_of_the_guide() {
    let guide = include_str!("../../../../docs/OPERATING.md");
    assert!(guide.lines().any(|line| line == format!("user default {RIGHTS}")));
}

#[tokio::test]
async fn two_gateways_share_the_limits_on_requests() {
    let (redis, upstream) = (Redis::start().await, Upstream::fixed("{}"));
    let limits = [("access.requests_per_minute", 4), ("access.total_requests_per_minute", 5)];
    let socket = format!("redis+unix://{}", redis.socket().display());
    let one = Member::start(&upstream, &redis.url(), &limits).await;
    let other = Member::start(&upstream, &socket, &limits).await;
    within_a_minute().await;
    assert_eq!(one.statuses([ONE, ONE]).await, [200, 200]);
    assert_eq!(other.statuses([ONE, ONE]).await, [200, 200]);
    for member in [&one, &other] {
        let refused = member.ask(ONE).await;
        assert_eq!((refused.status(), refused.code()), (429, "access.limit"), "each alone allows four");
        assert!(refused.text().contains("access.requests_per_minute"), "{}", refused.text());
        let seconds: u64 = refused.field("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    assert_eq!(other.ask(TWO).await.status(), 200, "another key has its own, and what was refused counts nothing");
    let refused = one.ask(TWO).await;
    assert!(refused.text().contains("access.total_requests_per_minute"), "{}", refused.text());
    assert_eq!(upstream.requests(), 5);
    for member in [one, other] {
        let log = member.gateway.whole_log().await;
        assert_eq!(log.count("limits.shared_lost"), 0, "{}", log.text());
    }
}

#[tokio::test]
async fn two_gateways_share_the_limits_on_tokens() {
    let upstream =
        Upstream::fixed(r#"{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":30,"total_tokens":60}}"#);
    let redis = Redis::start().await;
    let limits = [("access.tokens_per_minute", 100)];
    let one = Member::start(&upstream, &redis.url(), &limits).await;
    let other = Member::start(&upstream, &redis.url(), &limits).await;
    within_a_minute().await;
    assert_eq!((one.ask(ONE).await.status(), other.ask(ONE).await.status()), (200, 200));
    in_time("120 tokens in the counter", counted(&redis, 120)).await;
    for member in [&one, &other] {
        let refused = member.ask(ONE).await;
        assert_eq!((refused.status(), refused.code()), (429, "access.limit"), "each alone counts 60 of 100");
        assert!(refused.text().contains("access.tokens_per_minute"), "{}", refused.text());
        assert_eq!(member.ask(TWO).await.status(), 200, "another key has its own");
    }
}

#[tokio::test]
async fn tokens_beyond_the_limit_are_owed_by_the_whole_fleet() {
    let upstream = Upstream::fixed(r#"{"usage":{"total_tokens":250}}"#);
    let redis = Redis::start().await;
    let limits = [("access.tokens_per_minute", 100)];
    let one = Member::start(&upstream, &redis.url(), &limits).await;
    let other = Member::start(&upstream, &redis.url(), &limits).await;
    within_a_minute().await;
    assert_eq!(one.ask(ONE).await.status(), 200);
    in_time("250 tokens in the counter", counted(&redis, 250)).await;
    let refused = other.ask(ONE).await;
    let seconds: u64 = refused.field("retry-after").unwrap().parse().unwrap();
    assert_eq!(refused.status(), 429);
    assert!((61..=120).contains(&seconds), "this window, and the next one: {seconds}");
    // In the next window, it has served nothing, and still counts what the fleet owes.
    sleep(Duration::from_millis(60_000 - since_the_minute())).await;
    in_time("150 tokens in the next counter", counted(&redis, 150)).await;
    let refused = other.ask(ONE).await;
    assert_eq!((refused.status(), refused.code()), (429, "access.limit"));
    assert!(refused.text().contains("access.tokens_per_minute"), "{}", refused.text());
    assert_eq!(other.ask(TWO).await.status(), 200, "another key owes nothing");
    for member in [one, other] {
        assert_eq!(member.gateway.whole_log().await.count("limits.shared_lost"), 0);
    }
}

/// Returns once one counter has this value.
async fn counted(redis: &Redis, value: i64) {
    while redis.counters().await.iter().all(|(_, tokens)| *tokens != value) {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_counter_learns_neither_keys_nor_content() {
    let (redis, upstream) = (Redis::start().await, Upstream::fixed(r#"{"answer":"words-of-an-answer"}"#));
    let told = redis.monitor().await;
    let limits = [("access.requests_per_minute", 100), ("access.total_tokens_per_minute", 100_000)];
    let member = Member::start(&upstream, &redis.url(), &limits).await;
    within_a_minute().await;
    assert_eq!(member.statuses([ONE, TWO, ONE]).await, [200, 200, 200]);
    let counted = async {
        // Requests of two keys, and tokens of all.
        while redis.counters().await.len() < 3 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    in_time("three counters", counted).await;
    let counters = redis.counters().await;
    assert_eq!(counters.len(), 3, "{counters:?}");
    let mut text = told.lock().unwrap().clone();
    assert!(text.contains("EVAL") && text.contains("blindllama:"), "it is told something: {text}");
    for (name, value) in &counters {
        let digits = name.strip_prefix("blindllama:").expect("a name of ours");
        assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{name}");
        let seconds: i64 = redis.ask(&["TTL", name]).await[0].parse().unwrap();
        assert!((1..=120).contains(&seconds), "{seconds}");
        assert!(*value > 0);
        text.push_str(name);
    }
    for line in [ONE, TWO] {
        let key = line.strip_prefix("Bearer ").unwrap();
        let hash = sha256(key.as_bytes());
        // As it is, and as MONITOR writes octets.
        let octets: String = hash.iter().map(|octet| format!("\\x{octet:02x}")).collect();
        for secret in [key, &hex(&hash), &octets[..16], SECRET, "words-of", "chat", "Bearer"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    let log = member.gateway.whole_log().await;
    assert!(!log.text().contains(PASSWORD) && !log.text().contains(SECRET), "{}", log.text());
}

#[tokio::test]
async fn without_the_counter_each_gateway_keeps_its_limits_and_serves() {
    let (mut redis, upstream) = (Redis::start().await, Upstream::fixed("{}"));
    let limits = [("access.requests_per_minute", 2)];
    let one = Member::start(&upstream, &redis.url(), &limits).await;
    let other = Member::start(&upstream, &redis.url(), &limits).await;
    within_a_minute().await;
    assert_eq!(one.statuses([ONE]).await, [200]);
    assert_eq!(other.statuses([ONE]).await, [200]);
    assert_eq!(one.statuses([ONE]).await, [429], "two in the fleet");
    redis.kill().await;
    for member in [&one, &other] {
        member.gateway.log.wait("limits.shared_lost", 1).await;
        assert_eq!(member.statuses([ONE, ONE, ONE]).await, [200, 429, 429], "two of its own");
    }
    redis.restart().await;
    for member in [&one, &other] {
        member.gateway.log.wait("limits.shared_back", 1).await;
    }
    within_a_minute().await;
    assert_eq!(one.statuses([TWO]).await, [200]);
    assert_eq!(other.statuses([TWO]).await, [200]);
    assert_eq!(one.statuses([TWO]).await, [429], "shared again");
    for member in [one, other] {
        let log = member.gateway.whole_log().await;
        let told = (log.count("limits.shared_lost"), log.count("limits.shared_back"));
        assert_eq!(told, (1, 1), "once for each outage: {}", log.text());
    }
}

#[tokio::test]
async fn a_counter_that_stops_answering_delays_no_request_above_the_bound() {
    let (redis, upstream) = (Redis::start().await, Upstream::fixed("{}"));
    let member = Member::start(&upstream, &redis.url(), &[("access.requests_per_minute", 100)]).await;
    assert_eq!(member.ask(ONE).await.status(), 200);
    redis.signal(Signal::STOP);
    let begun = Instant::now();
    assert_eq!(member.ask(ONE).await.status(), 200);
    let first = begun.elapsed();
    // Ample, since other tests need the processor too.
    assert!(first < WAIT * 12, "{first:?}");
    let mut later = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(member.ask(ONE).await.status(), 200);
        later.push(begun.elapsed());
    }
    let waited = later.iter().filter(|took| **took >= WAIT).count();
    assert!(waited < 10, "later ones do not wait at all: {later:?}");
    assert_eq!(member.gateway.log.wait("limits.shared_lost", 1).await["detail"], "no answer in time");
    redis.signal(Signal::CONT);
    member.gateway.log.wait("limits.shared_back", 1).await;
}

#[tokio::test]
async fn a_counter_that_refuses_the_password_is_none() {
    let (redis, upstream, swtpm) = (Redis::start().await, Upstream::fixed("{}"), Swtpm::start().await);
    let setup = shared(Setup::new(&swtpm, &upstream), &redis.url()).with("access.shared_password", "another");
    let gateway = setup.with("access.requests_per_minute", 1).start().await;
    let attested = Attested::to(&gateway).await;
    let lost = gateway.log.wait("limits.shared_lost", 1).await;
    assert_eq!((lost["level"].as_str(), lost["detail"].as_str()), (Some("warn"), Some("authentication failed")));
    let message = Message::post("/v1/chat/completions", "{}").with("authorization", ONE);
    assert_eq!(attested.ask(&message).await.status(), 200);
    assert_eq!(attested.ask(&message).await.status(), 429);
}
