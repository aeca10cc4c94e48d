//! The counter of a fleet behind TLS, in a real Redis (PROTOCOL.md §11.2): it is told nothing before an authority of the configuration has
//! vouched for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use blindllama_testkit::tls::{Authority, EXPIRED, VALID};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::fleet::{ONE, SECRET, shared, within_a_minute};
use crate::support::client::Attested;
use crate::support::redis::{PASSWORD, USER};
use crate::support::{Gateway, Message, Redis, Setup, Swtpm, Upstream};

const OURS: Authority = Authority(1);
const THEIRS: Authority = Authority(2);

/// A gateway before the counter at `url`, which allows two requests in a minute.
async fn gateway(swtpm: &Swtpm, upstream: &Upstream, url: &str, more: &[(&str, &str)]) -> (Gateway, Attested) {
    let setup = shared(Setup::new(swtpm, upstream), url).with("access.requests_per_minute", 2);
    let setup = setup.with("access.shared_user", USER);
    let setup = more.iter().fold(setup, |setup, (member, value)| setup.with(member, *value));
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    (gateway, attested)
}

async fn statuses<const N: usize>(attested: &Attested) -> [u16; N] {
    let mut statuses = [0; N];
    for status in &mut statuses {
        let message = Message::post("/v1/chat/completions", "{}").with("authorization", ONE);
        *status = attested.ask(&message).await.status();
    }
    statuses
}

/// The counter at `url` is none because of `reason`; the gateway keeps to its own limits.
async fn refused(swtpm: &Swtpm, upstream: &Upstream, url: &str, more: &[(&str, &str)], reason: &str) {
    let (gateway, attested) = gateway(swtpm, upstream, url, more).await;
    let lost = gateway.log.wait("limits.shared_lost", 1).await;
    let detail = lost["detail"].as_str().unwrap();
    assert!(detail.contains(reason), "{reason}: {detail}");
    assert_eq!(statuses(&attested).await, [200, 200, 429], "{reason}");
    let log = gateway.whole_log().await;
    for secret in [PASSWORD, USER, SECRET, url.rsplit_once('/').unwrap().1] {
        assert!(!log.text().contains(secret), "{secret}: {}", log.text());
    }
}

/// Passes connections on to `address`; its own address, and all bytes in both directions.
async fn wire(address: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, seen: Arc<Mutex<Vec<u8>>>) {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            seen.lock().unwrap().extend_from_slice(&bytes[..length]);
            if to.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((gateway, _)) = listener.accept().await {
            let (up, down) = gateway.into_split();
            let (answers, questions) = TcpStream::connect(&address).await.unwrap().into_split();
            tokio::spawn(copy(up, questions, Arc::clone(&all)));
            tokio::spawn(copy(answers, down, Arc::clone(&all)));
        }
    });
    (own, seen)
}

#[tokio::test]
async fn a_fleet_counts_over_tls_and_the_network_sees_neither_counts_nor_password() {
    let redis = Redis::start_with_tls(&OURS.certify(&["127.0.0.1"], VALID)).await;
    let (swtpm, other_swtpm, upstream) = (Swtpm::start().await, Swtpm::start().await, Upstream::fixed("{}"));
    let (address, seen) = wire(redis.address()).await;
    let ca: &[_] = &[("access.shared_ca", &*OURS.pem())];
    let (one, asked) = gateway(&swtpm, &upstream, &format!("rediss://{address}"), ca).await;
    let (other, other_asked) = gateway(&other_swtpm, &upstream, &redis.tls_url(), ca).await;
    within_a_minute().await;
    assert_eq!(statuses(&asked).await, [200], "{}", one.log.text());
    assert_eq!(statuses(&other_asked).await, [200, 429], "{}", other.log.text());
    assert_eq!(statuses(&asked).await, [429], "each alone allows two");
    assert_eq!(redis.counters().await.len(), 1);
    for gateway in [one, other] {
        let log = gateway.whole_log().await;
        assert_eq!(log.count("limits.shared_lost"), 0, "{}", log.text());
        assert!(!log.text().contains(PASSWORD) && !log.text().contains(USER), "{}", log.text());
    }
    let seen = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
    assert!(seen.len() > 1000, "the connection went this way: {}", seen.len());
    for secret in [PASSWORD, USER, "blindllama:", "EVAL", "AUTH"] {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_counter_that_no_authority_vouches_for_is_told_nothing() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let ca = ("access.shared_ca", &*OURS.pem());
    for (certificate, more, reason) in [
        (THEIRS.certify(&["127.0.0.1"], VALID), None, "TLS: unknown issuer: no certificate of access.shared_ca"),
        (OURS.certify(&["127.0.0.2"], VALID), None, "TLS: wrong name"),
        (OURS.certify(&["127.0.0.1"], EXPIRED), None, "TLS: expired"),
        // The name of the setting replaces the host.
        (
            OURS.certify(&["127.0.0.1"], VALID),
            Some(("access.shared_tls_name", "counter.example")),
            "nor for access.shared_tls_name",
        ),
    ] {
        let redis = Redis::start_with_tls(&certificate).await;
        let told = redis.monitor().await;
        let settings: Vec<_> = [ca].into_iter().chain(more).collect();
        refused(&swtpm, &upstream, &redis.tls_url(), &settings, reason).await;
        assert_eq!((redis.counters().await.len(), told.lock().unwrap().contains("EVAL")), (0, false), "{reason}");
    }
}

#[tokio::test]
async fn a_name_of_its_own_goes_with_an_address_in_figures() {
    let redis = Redis::start_with_tls(&OURS.certify(&["counter.example"], VALID)).await;
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let settings = [("access.shared_ca", &*OURS.pem()), ("access.shared_tls_name", "counter.example")];
    let (gateway, attested) = gateway(&swtpm, &upstream, &redis.tls_url(), &settings).await;
    assert_eq!(statuses(&attested).await, [200]);
    assert_eq!(redis.counters().await.len(), 1, "{}", gateway.log.text());
}

#[tokio::test]
async fn neither_side_falls_back_to_clear_text() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let plain = Redis::start().await;
    // It would let the gateway in without TLS, and waits for the end of a line that no handshake has.
    let ca: &[_] = &[("access.shared_ca", &*OURS.pem()), ("access.shared_user", "default")];
    refused(&swtpm, &upstream, &plain.tls_url(), ca, "no answer in time").await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(plain.counters().await.len(), 0);
    let encrypted = Redis::start_with_tls(&OURS.certify(&["127.0.0.1"], VALID)).await;
    let (gateway, _attested) = gateway(&swtpm, &upstream, &encrypted.url(), &[]).await;
    gateway.log.wait("limits.shared_lost", 1).await;
    assert_eq!(encrypted.counters().await.len(), 0);
}

#[tokio::test]
async fn a_user_that_redis_does_not_know_is_refused_and_not_named() {
    let redis = Redis::start_with_tls(&OURS.certify(&["127.0.0.1"], VALID)).await;
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let settings = [("access.shared_ca", &*OURS.pem()), ("access.shared_user", "tests-of-another-fleet")];
    let (gateway, _attested) = gateway(&swtpm, &upstream, &redis.tls_url(), &settings).await;
    let lost = gateway.log.wait("limits.shared_lost", 1).await;
    assert_eq!(lost["detail"].as_str(), Some("authentication failed"));
    let log = gateway.whole_log().await;
    assert!(!log.text().contains("another-fleet") && !log.text().contains(PASSWORD), "{}", log.text());
}
