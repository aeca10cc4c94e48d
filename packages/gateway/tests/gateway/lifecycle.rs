//! Starting, rotating, losing the TPM, stopping.

use std::time::Duration;

use futures::future::join_all;
use http_body_util::BodyExt;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::client::{Attested, Evidence, random};
use crate::support::http::{Version, get};
use crate::support::outage::outlive;
use crate::support::program::{Setup, program};
use crate::support::{Gateway, Message, Swtpm, Upstream, in_time};

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

async fn health(gateway: &Gateway) -> (u16, serde_json::Value) {
    let reply = get(&gateway.address, "/blindllama/v1/health").await;
    assert_eq!(reply.headers["content-type"], "application/json");
    (reply.status.as_u16(), reply.json()["status"].clone())
}

#[tokio::test]
async fn a_stop_lets_an_open_answer_end_and_takes_nothing_new() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let mut body = attested.post(Version::Http1, sealed.body.clone()).await.unwrap().into_body();
    let mut opener = sealed.opener();
    gateway.signal(Signal::INT);
    gateway.log.wait("stopping", 1).await;
    assert!(TcpStream::connect(&gateway.address).await.is_err(), "nobody listens any more");
    assert!(gateway.is_running());
    events.send(Ok("data: still here\n\n")).unwrap();
    drop(events);
    let mut chunks = Vec::new();
    while let Some(frame) = in_time("a frame or the end", body.frame()).await {
        chunks.extend(opener.push(frame.unwrap().data_ref().unwrap()));
    }
    assert_eq!(chunks.len(), 2);
    assert!(opener.finish().is_some(), "with an authenticated end");
    assert!(gateway.exit().await.success());
    // A gateway that does not wait writes "stop" at once, long before the answer's end.
    assert_eq!(gateway.log.wait("stop", 1).await["complete"], true);
    let order: Vec<_> = gateway.log.all().iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order[order.len() - 3..], ["stopping", "request", "stop"], "{order:?}");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let (_events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let response = attested.post(Version::Http2, sealed.body).await.unwrap();
    gateway.signal(Signal::INT);
    gateway.log.wait("stopping", 1).await;
    assert!(gateway.is_running(), "the open answer keeps it");
    gateway.signal(Signal::TERM);
    gateway.exit().await;
    assert_eq!(gateway.log.count("stop"), 0, "it did not wait for the answer, nor for the limit");
    drop(response);
}

#[tokio::test]
async fn an_idle_gateway_stops_at_once() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).with("limits.header_timeout_ms", 60_000).start().await;
    // A connection that is kept open without a request does not count. Its own limit comes after that of a stop.
    let _idle = TcpStream::connect(&gateway.address).await.unwrap();
    assert_eq!(health(&gateway).await, (200, "ok".into()));
    gateway.signal(Signal::INT);
    assert!(gateway.exit().await.success());
    assert_eq!(gateway.log.wait("stop", 1).await["complete"], true, "long before the limit of a stop");
}

#[tokio::test]
async fn every_start_has_an_instance_of_its_own() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let mut instances = Vec::new();
    for _ in 0..2 {
        let gateway = Setup::new(&swtpm, &upstream).start().await;
        instances.push(gateway.start_text("instance").to_owned());
        gateway.stop().await;
    }
    assert_ne!(instances[0], instances[1]);
    assert!(instances.iter().all(|instance| instance.len() == 26), "{instances:?}");
}

#[tokio::test]
async fn without_its_tpm_it_proves_nothing_and_goes_on() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    swtpm.kill().await;
    for _ in 0..3 {
        let refusal = get(&gateway.address, &Evidence::path(&random())).await;
        assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (503, "evidence.unavailable"));
        assert_eq!(health(&gateway).await, (503, "unavailable".into()));
    }
    assert!(gateway.is_running());
    let failed = gateway.log.wait("evidence.failed", 1).await;
    assert!(failed["code"].as_str().unwrap().starts_with("tpm."), "{failed}");
    assert_eq!(attested.ask(&chat()).await.status(), 200, "a key that was proven still opens");
}

#[tokio::test]
async fn another_tpm_in_the_place_of_the_first_is_not_used() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    outlive(&gateway, &mut swtpm).await;
}

#[tokio::test]
async fn a_tpm_that_hangs_is_reported_in_time() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("tpm.timeout_ms", 3000).start().await;
    swtpm.signal(Signal::STOP);
    let begin = Instant::now();
    let refusal = get(&gateway.address, &Evidence::path(&random())).await;
    assert_eq!(refusal.code(), "evidence.unavailable");
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_eq!(gateway.log.wait("evidence.failed", 1).await["code"], "tpm.timeout");
    swtpm.signal(Signal::CONT);
    let recovered = async { while get(&gateway.address, &Evidence::path(&random())).await.status != 200 {} };
    in_time("the TPM that goes on", recovered).await;
}

#[tokio::test]
async fn a_key_opens_through_its_grace_and_no_longer() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    // Long enough for a proof and a request after a rotation.
    let gateway =
        Setup::new(&swtpm, &upstream).with("channel.epoch_ms", 8000).with("channel.grace_ms", 8000).start().await;
    let first = Attested::to(&gateway).await;
    gateway.log.wait("rotation", 1).await;
    let second = Attested::to(&gateway).await;
    assert_ne!((first.key.key_id, first.key.epoch_id), (second.key.key_id, second.key.epoch_id));
    assert_eq!(first.ask(&chat()).await.status(), 200, "within its grace");
    assert_eq!(second.ask(&chat()).await.status(), 200);
    gateway.log.wait("rotation", 2).await;
    let gone = async {
        // The third epoch begins when the first one's grace ends.
        loop {
            let body = first.seal(&[&chat().encode()]).body;
            let response = first.post(Version::Http1, body).await.unwrap();
            if response.status() == 400 {
                return crate::support::http::Reply::read(response).await.code();
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert_eq!(in_time("the end of the key", gone).await, "channel.key_unknown");
}

#[tokio::test]
async fn many_requests_turn_the_epoch_early() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.replay_capacity", 6).start().await;
    let first = Attested::to(&gateway).await;
    for _ in 0..3 {
        assert_eq!(first.ask(&chat()).await.status(), 200);
    }
    let second = Attested::to(&gateway).await;
    assert_ne!(first.key.epoch_id, second.key.epoch_id, "half of the room is used");
    for _ in 0..3 {
        assert_eq!(first.ask(&chat()).await.status(), 200, "there is room for those under way");
    }
    let refusal = first.refused(first.seal(&[&chat().encode()]).body).await;
    assert_eq!(refusal.code(), "channel.key_unknown", "a full key opens nothing");
    assert_eq!(second.ask(&chat()).await.status(), 200);
}

#[tokio::test]
async fn peers_that_dawdle_are_let_go() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("limits.header_timeout_ms", 3000)
        .with("limits.body_timeout_ms", 3000)
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    let line = "GET /blindllama/v1/health HTTP/1.1\r\nhost: x\r\n";
    join_all(["", "G", "PRI * HT", line].map(async |start| {
        let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Whatever kind of end it is.
        drop(in_time("the end of the connection", stream.read_to_end(&mut rest)).await);
    }))
    .await;
    let sealed = attested.seal(&[&chat().encode()]).body;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: message/ohttp-chunked-req\r\ncontent-length: {}\r\n\r\n",
        attested.path(),
        sealed.len()
    );
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    stream.write_all(&[head.as_bytes(), &sealed[..50]].concat()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = in_time("the refusal", stream.read(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request.timeout"), "{answer}");
}

#[tokio::test]
async fn a_configuration_that_is_wrong_stops_the_start_with_code_and_place() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let setup = || Setup::new(&swtpm, &upstream);
    let cases = [
        (setup().with("limits.stream", 3), "config.syntax", "limits.stream".trim_start_matches("limits.")),
        (setup().with("upstream.url", "http://192.0.2.1:80"), "config.invalid", "upstream.kind"),
        (setup().with("upstream.kind", "attested"), "config.invalid", "upstream.url: an attested upstream"),
        (setup().with("upstream.kind", "proven"), "config.invalid", "upstream.kind"),
        (setup().with("attestation.event_logs", vec!["/nowhere".to_owned()]), "config.read", "/nowhere"),
        (setup().with("attestation.release", "/nowhere"), "config.read", "/nowhere"),
        (setup().with("attestation.status", "/dev/null"), "config.invalid", "attestation.status"),
        (
            setup().with("tpm.tcti", "swtpm:host=127.0.0.1,port=1"),
            "tpm.unreachable",
            "no software TPM listens on 127.0.0.1:1",
        ),
        (setup().with("tpm.tcti", "device:/nowhere/tpmrm0"), "tpm.unreachable", "/nowhere/tpmrm0 does not exist"),
        (setup().with("tpm.tcti", "devcie:/dev/tpmrm0"), "config.invalid", "tpm.tcti: \"devcie:/dev/tpmrm0\""),
        (setup().with("limits.drain_ms", 10), "config.invalid", "limits.drain_notice_ms"),
        (setup().with("listen", "192.0.2.1:1"), "gateway.listen", ""),
    ];
    for (setup, code, place) in cases {
        let output = setup.run("serve").await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(code) && error.contains(place), "{code} {place}: {error}");
    }
    for arguments in [&["nonsense"][..], &["--nonsense"], &["serve", "check"], &["--config"]] {
        assert_eq!(program().args(arguments).output().await.unwrap().status.code(), Some(2));
    }
}
