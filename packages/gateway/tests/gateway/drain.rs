//! The phases of a gateway that is told to stop (PROTOCOL.md §2.1), and what it is told without stopping.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::client::{Attested, Evidence, random};
use crate::support::cloud::{ATTRIBUTES, Authority, HANDLE};
use crate::support::http::{Reply, Version, connect, get};
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream, in_time};

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

async fn status(gateway: &Gateway, path: &str) -> (u16, String) {
    let reply = get(&gateway.address, &format!("/blindllama/v1/{path}")).await;
    (reply.status.as_u16(), reply.json()["status"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn while_it_drains_new_visitors_are_refused_and_requests_served() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let mut gateway = Setup::new(&swtpm, &upstream).with("limits.drain_notice_ms", 60_000).start().await;
    let attested = Attested::to(&gateway).await;
    assert_eq!(status(&gateway, "health").await, (200, "ok".into()));
    assert_eq!(status(&gateway, "health/live").await, (200, "live".into()));
    gateway.signal(Signal::TERM);
    let line = gateway.log.wait("draining", 1).await;
    assert_eq!((&line["notice_ms"], &line["drain_ms"]), (&60_000.into(), &300_000.into()));
    for _ in 0..2 {
        assert_eq!(status(&gateway, "health").await, (503, "draining".into()));
        assert_eq!(status(&gateway, "health/live").await, (200, "live".into()), "a supervisor must not restart it");
        let refusal = get(&gateway.address, &Evidence::path(&random())).await;
        assert_eq!((refusal.status, refusal.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "gateway.stopping"));
        assert!(refusal.headers.contains_key("retry-after"));
        assert_eq!(attested.ask(&chat()).await.status(), 200, "on a new connection");
    }
    assert_eq!(gateway.log.count("stopping"), 0);
    gateway.signal(Signal::TERM);
    gateway.exit().await;
}

#[tokio::test]
async fn after_its_notice_the_listener_is_closed_and_an_interrupt_gives_none() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    for (signal, notice) in [(Signal::TERM, 1500), (Signal::INT, 0)] {
        let mut gateway = Setup::new(&swtpm, &upstream).with("limits.drain_notice_ms", 1500).start().await;
        let begin = Instant::now();
        gateway.signal(signal);
        gateway.log.wait("stopping", 1).await;
        assert!(TcpStream::connect(&gateway.address).await.is_err(), "nobody listens any more");
        assert!(begin.elapsed() >= Duration::from_millis(notice), "{signal:?}");
        assert!(gateway.exit().await.success());
        assert_eq!(gateway.log.wait("draining", 1).await["notice_ms"], notice);
        assert_eq!(gateway.log.wait("stop", 1).await["complete"], true);
    }
}

#[tokio::test]
async fn a_request_that_comes_while_answers_end_is_refused_before_it_is_opened() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    let open = attested.post(Version::Http1, attested.seal(&[&chat().encode()]).body).await.unwrap();
    let mut kept = connect(&gateway.address).await;
    let ask = || Request::get("/blindllama/v1/health").header("host", "x").body(Full::default()).unwrap();
    drop(Reply::read(kept.send_request(ask()).await.unwrap()).await);
    // Its head is on the way before the gateway is told.
    gateway.signal(Signal::INT);
    gateway.log.wait("stopping", 1).await;
    let late = kept.send_request(attested.request(Full::from(attested.seal(&[&chat().encode()]).body))).await;
    // The connection had no request under way, so it may be gone already.
    if let Ok(late) = late {
        assert_eq!(Reply::read(late).await.code(), "gateway.stopping");
    }
    assert_eq!((gateway.log.count("channel.request"), upstream.requests()), (1, 1));
    drop((open, events));
    assert!(gateway.exit().await.success());
}

#[tokio::test]
async fn a_stream_that_outlives_the_drain_ends_with_its_own_code() {
    for version in [Version::Http1, Version::Http2] {
        let (events, upstream) = Upstream::events();
        let swtpm = Swtpm::start().await;
        let mut gateway =
            Setup::new(&swtpm, &upstream).with("limits.drain_notice_ms", 0).with("limits.drain_ms", 1500).start().await;
        let attested = Attested::to(&gateway).await;
        let sealed = attested.seal(&[&chat().encode()]);
        let mut body = attested.post(version, sealed.body.clone()).await.unwrap().into_body();
        let mut opener = sealed.opener();
        events.send(Ok("data: whole\n\ndata: unfini")).unwrap();
        let mut text = String::new();
        let mut open = |frame: Frame<Bytes>| {
            let chunks = opener.push(frame.data_ref().unwrap());
            text.extend(chunks.iter().map(|chunk| String::from_utf8_lossy(chunk).into_owned()));
            text.contains("data: whole\n")
        };
        // What is unfinished is in the gateway then too: it came in the same piece.
        while !open(in_time("an event", body.frame()).await.unwrap().unwrap()) {}
        gateway.signal(Signal::TERM);
        gateway.log.wait("stopping", 1).await;
        let broken = loop {
            match in_time("a frame or the end", body.frame()).await {
                Some(Ok(frame)) => _ = open(frame),
                end => break end.is_none_or(|end| end.is_err()),
            }
        };
        assert!(broken && opener.finish().is_none(), "no final chunk: nobody may take it for whole");
        let last = text.rsplit_once("data: {").unwrap_or_else(|| panic!("{version:?}: {text:?}")).1;
        assert!(last.contains(r#""code":"gateway.drained""#) && last.ends_with("\n\n"), "{last:?}");
        assert!(!text.contains("unfini"), "{text:?}");
        assert!(gateway.exit().await.success());
        let aborted = gateway.log.wait("request.aborted", 1).await;
        assert_eq!((&aborted["by"], &aborted["level"]), (&"drained".into(), &"warn".into()));
        assert_eq!(gateway.log.wait("stop", 1).await["complete"], false);
        drop(events);
    }
}

#[tokio::test]
async fn an_answer_that_has_not_begun_when_the_drain_ends_is_refused_inside() {
    let upstream = Upstream::start(|_| None);
    let swtpm = Swtpm::start().await;
    let mut gateway =
        Setup::new(&swtpm, &upstream).with("limits.drain_notice_ms", 0).with("limits.drain_ms", 1000).start().await;
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let asking = tokio::spawn(async move {
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        Answer::read(sealed, response).await
    });
    upstream.came(1).await;
    gateway.signal(Signal::TERM);
    let answer = in_time("the refusal", asking).await.unwrap();
    assert_eq!((answer.status(), answer.code()), (503, "gateway.drained"));
    assert_eq!(answer.field("x-should-retry"), Some("false"), "the model may have run");
    assert!(gateway.exit().await.success());
}

/// In one step: the gateway also looks by itself, at any moment.
fn replace(path: &str, content: &[u8]) {
    let beside = format!("{path}.new");
    std::fs::write(&beside, content).unwrap();
    std::fs::rename(beside, path).unwrap();
}

#[tokio::test]
async fn a_hangup_reads_certificates_again_and_ends_nothing() {
    let (events, upstream) = Upstream::events();
    let (swtpm, authority) = (Swtpm::start().await, Authority::new().await);
    swtpm.keep_key("ecc256:ecdsa-sha256:null", ATTRIBUTES).await;
    let first = authority.certify(&swtpm).await;
    let kept = std::fs::read(&first[0]).unwrap();
    let second = authority.certify(&swtpm).await;
    let renewed = std::fs::read(&second[0]).unwrap();
    std::fs::write(&first[0], &kept).unwrap();
    let mut gateway = Setup::new(&swtpm, &upstream)
        .with("tpm.handle", HANDLE)
        .with("attestation.ak_chain", first.clone())
        .start()
        .await;
    // The authority of the tests certifies for two days.
    let ends = gateway.log.wait("certificate.ends", 1).await;
    assert!(matches!(ends["days"].as_i64(), Some(1 | 2)) && ends["level"] == "warn", "{ends}");
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let mut body = attested.post(Version::Http1, sealed.body.clone()).await.unwrap().into_body();
    // Away from the moment at which the gateway looks by itself.
    sleep(Duration::from_millis(200)).await;
    gateway.signal(Signal::HUP);
    assert_eq!(gateway.log.wait("reload", 1).await["changed"], false);
    replace(&first[0], &renewed);
    gateway.signal(Signal::HUP);
    gateway.log.wait("reload", 2).await;
    assert_eq!(gateway.log.count("release.read"), 1, "by the hangup, or just before it");
    replace(&first[0], b"not a certificate");
    gateway.signal(Signal::HUP);
    gateway.log.wait("release.failed", 1).await;
    assert!(gateway.is_running());
    events.send(Ok("data: still here\n\n")).unwrap();
    drop(events);
    let mut opener = sealed.opener();
    while let Some(frame) = in_time("a frame or the end", body.frame()).await {
        drop(opener.push(frame.unwrap().data_ref().unwrap()));
    }
    assert!(opener.finish().is_some(), "the answer that was open is whole");
    gateway.stop().await;
}
