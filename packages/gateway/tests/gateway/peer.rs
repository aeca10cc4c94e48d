//! A gateway in front of another one: it sends nothing before that one has met its policy, and survives its restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::{Attested, Message, policy};
use crate::support::ports::pair_of_ports;
use crate::support::program::AUDIENCE;
use crate::support::upstream::json;
use crate::support::{Gateway, Setup, Swtpm, Upstream, in_time};

const ROUTE: &str = "/v1/chat/completions";

fn chat(content: impl Into<Vec<u8>>) -> Message {
    Message::post(ROUTE, content).with("content-type", "application/json")
}

/// A gateway in front of `address`, which has to meet `policy`.
fn front(swtpm: &Swtpm, address: &str, policy: &Value) -> Setup {
    Setup::to(swtpm, &format!("http://{address}"))
        .with("upstream.kind", "attested")
        .with("upstream.policy", policy.to_string())
        .with("upstream.audience", AUDIENCE)
        .with("upstream.allow_simulated", true)
}

/// Two machines: a gateway in front of the model server, and one in front of that.
struct Pair {
    inner: Gateway,
    outer: Gateway,
    _tpms: [Swtpm; 2],
}

impl Pair {
    async fn start(
        upstream: &Upstream,
        inner: impl FnOnce(Setup) -> Setup,
        outer: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let tpms = [Swtpm::start().await, Swtpm::start().await];
        let inner = inner(Setup::new(&tpms[0], upstream)).start().await;
        let outer = outer(front(&tpms[1], &inner.address, &policy(&inner))).start().await;
        Self { inner, outer, _tpms: tpms }
    }
}

fn same(setup: Setup) -> Setup {
    setup
}

#[tokio::test]
async fn a_request_passes_two_proven_gateways_in_either_protocol() {
    for scheme in ["http", "h2c"] {
        let upstream = Upstream::start(|got| {
            assert_eq!(got.head.headers["content-type"], "application/json");
            assert!(!got.head.headers.contains_key("idempotency-key"));
            Some(json(r#"{"answer":42}"#))
        });
        let pair = Pair::start(&upstream, same, same).await;
        let outer = match scheme {
            "http" => pair.outer,
            _ => {
                let swtpm = Swtpm::start().await;
                let front = front(&swtpm, &pair.inner.address, &policy(&pair.inner));
                let outer = front.with("upstream.url", format!("h2c://{}", pair.inner.address)).start().await;
                let attested = Attested::to(&outer).await;
                assert_eq!(attested.ask(&chat("{}")).await.text(), r#"{"answer":42}"#);
                continue;
            }
        };
        assert_eq!(outer.start_text("upstream"), "unattested", "a simulated TPM proves nothing to a page");
        let attested = Attested::to(&outer).await;
        for _ in 0..3 {
            let answer = attested.ask(&chat(r#"{"messages":[]}"#)).await;
            assert_eq!((answer.status(), answer.text()), (200, r#"{"answer":42}"#));
        }
        assert_eq!(upstream.got.lock().unwrap()[2].body.as_deref(), Some(&br#"{"messages":[]}"#[..]));
        let log = outer.whole_log().await;
        assert_eq!(log.count("upstream.proven"), 1, "one proof serves all requests of its time");
    }
}

#[tokio::test]
async fn events_and_long_uploads_pass_as_they_come() {
    let (events, upstream) = Upstream::events();
    let pair = Pair::start(&upstream, same, same).await;
    let attested = Attested::to(&pair.outer).await;
    let content: String = format!(r#"{{"messages":"{}"}}"#, "x".repeat(1 << 20));
    let sealed_by_client = tokio::spawn({
        let content = content.clone();
        async move {
            let message = chat(content).encode();
            let chunks: Vec<&[u8]> = message.chunks(16_384).collect();
            let sealed = attested.seal(&chunks);
            let response = attested.post(crate::support::http::Version::Http1, sealed.body.clone()).await.unwrap();
            crate::support::client::Answer::read(sealed, response).await
        }
    });
    upstream.came(1).await;
    events.send(Ok("data: 1\n\n")).unwrap();
    events.all_taken().await;
    events.send(Ok("data: [DONE]\n\n")).unwrap();
    drop(events);
    let answer = in_time("the answer", sealed_by_client).await.unwrap();
    let lines: Vec<&str> = answer.text().lines().filter(|line| line.starts_with("data")).collect();
    assert_eq!(lines, ["data: 1", "data: [DONE]"]);
    assert_eq!(upstream.got.lock().unwrap()[0].body.as_deref(), Some(content.as_bytes()));
}

#[tokio::test]
async fn nothing_is_sent_to_a_gateway_that_does_not_meet_the_policy() {
    let upstream = Upstream::fixed("{}");
    let tpms = [Swtpm::start().await, Swtpm::start().await];
    let inner = Setup::new(&tpms[0], &upstream).start().await;
    let mut other = policy(&inner);
    other["releases"][0]["pcrs"]["0"] = "11".repeat(32).into();
    let setup = |policy: &Value| front(&tpms[1], &inner.address, policy);
    let cases = [
        (setup(&other), "pcr."),
        (setup(&policy(&inner)).with("upstream.allow_simulated", false), "ak."),
        (setup(&policy(&inner)).with("upstream.audience", "https://other.example"), "claims.audience"),
    ];
    for (setup, code) in cases {
        let outer = setup.start().await;
        let answer = Attested::to(&outer).await.ask(&chat(r#"{"secret":1}"#)).await;
        assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unproven"));
        let line = outer.log.wait("upstream.unproven", 1).await;
        assert!(line["detail"].as_str().unwrap().starts_with(code), "{line}");
        outer.stop().await;
    }
    assert_eq!(upstream.requests(), 0);
    assert_eq!(inner.log.count("channel.request"), 0, "not even sealed");
}

#[tokio::test]
async fn what_gives_no_evidence_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let got = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 65_536];
            let read = stream.read(&mut buffer).await.unwrap_or_default();
            all.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
            if all.len() == 2 {
                break;
            }
        }
        all
    });
    let swtpm = Swtpm::start().await;
    let upstream = Upstream::fixed("{}");
    let model = Setup::new(&swtpm, &upstream).start().await;
    let policy = policy(&model);
    model.stop().await;
    let outer = front(&swtpm, &address, &policy).start().await;
    outer.log.wait("upstream.unproven", 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let answer = Attested::to(&outer).await.ask(&chat("secret")).await;
    assert_eq!(answer.code(), "request.upstream_unproven");
    for request in in_time("both requests", got).await.unwrap() {
        assert!(request.starts_with("GET /blindllama/v1/evidence?nonce="), "{request}");
    }
}

#[tokio::test]
async fn a_restart_of_the_other_gateway_costs_one_proof_and_runs_nothing_twice() {
    let upstream = Upstream::fixed("{}");
    let (tpms, address) = ([Swtpm::start().await, Swtpm::start().await], format!("127.0.0.1:{}", pair_of_ports()));
    let start = |instance: &'static str| {
        Setup::new(&tpms[0], &upstream).with("listen", address.as_str()).with("instance", instance).start()
    };
    let mut inner = start("a").await;
    let outer = front(&tpms[1], &address, &policy(&inner)).start().await;
    let attested = Attested::to(&outer).await;
    assert_eq!(attested.ask(&chat("{}")).await.text(), "{}");
    inner.signal(Signal::KILL);
    inner.exit().await;
    let inner = start("a").await;
    let answer = attested.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.text()), (200, "{}"));
    outer.log.wait("upstream.proven", 2).await;
    assert_eq!(upstream.requests(), 2);
    // Another instance cannot know what the first one ran; the request after it is a new one.
    inner.stop().await;
    let inner = start("b").await;
    let answer = attested.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_broken"));
    assert_eq!(attested.ask(&chat("{}")).await.text(), "{}");
    assert_eq!(upstream.requests(), 3);
    inner.stop().await;
    let answer = attested.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"));
}

/// What a party on the way answers in the place of the other gateway.
#[derive(Clone, Copy, PartialEq)]
enum Forged {
    /// Once, and from then on everything goes to a second gateway.
    KeyUnknownThenAnother,
    /// Each time, after the request was passed on and run.
    KeyUnknownAfterRun,
    /// The same, as if the gateway were busy.
    BusyAfterRun,
}

#[tokio::test]
async fn a_forged_refusal_leads_to_no_second_run_at_another_gateway() {
    let upstream = Upstream::fixed("{}");
    let tpms = [Swtpm::start().await, Swtpm::start().await, Swtpm::start().await];
    let first = Setup::new(&tpms[0], &upstream).start().await;
    let second = Setup::new(&tpms[1], &upstream).start().await;
    let mut both = policy(&first);
    both["anchors"].as_array_mut().unwrap().extend(policy(&second)["anchors"].as_array().unwrap().iter().cloned());
    let between = forge(Forged::KeyUnknownThenAnother, first.address.clone(), second.address.clone()).await;
    let outer = front(&tpms[2], &between, &both).start().await;
    let attested = Attested::to(&outer).await;
    let answer = attested.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_broken"));
    assert_eq!(upstream.requests(), 0, "whoever forged it may have passed the request on before");
    assert_eq!(attested.ask(&chat("{}")).await.text(), "{}", "the next request is one of its own");
}

#[tokio::test]
async fn a_request_that_may_have_run_is_never_told_as_one_that_did_not() {
    for forged in [Forged::KeyUnknownAfterRun, Forged::BusyAfterRun] {
        let upstream = Upstream::fixed("{}");
        let tpms = [Swtpm::start().await, Swtpm::start().await];
        let inner = Setup::new(&tpms[0], &upstream).start().await;
        let between = forge(forged, inner.address.clone(), inner.address.clone()).await;
        let outer = front(&tpms[1], &between, &policy(&inner)).start().await;
        let attested = Attested::to(&outer).await;
        let message = chat("{}");
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.code()), (502, "request.upstream_broken"));
        let again = attested.ask(&message).await;
        assert_eq!((again.status(), again.code()), (409, "request.duplicate"), "the key stays taken");
        assert_eq!(upstream.requests(), 1);
    }
}

/// A party on the way that serves one request a connection and forges answers to encapsulated ones.
async fn forge(forged: Forged, first: String, second: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut address = first;
        let mut forging = true;
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = vec![0; 65_536];
            let read = client.read(&mut head).await.unwrap_or_default();
            head.truncate(read);
            let Some(end) = find(&head, b"\r\n\r\n") else { continue };
            head.splice(end..end, *b"\r\nconnection: close");
            let is_forged = head.starts_with(b"POST") && forging;
            if is_forged && forged == Forged::KeyUnknownThenAnother {
                address.clone_from(&second);
                forging = false;
                // All of the request is read: a connection that is closed before that is reset.
                let mut rest = vec![0; 65_536];
                let _ = tokio::time::timeout(std::time::Duration::from_millis(200), client.read(&mut rest)).await;
                client.write_all(refusal(400, "channel.key_unknown").as_bytes()).await.unwrap();
                continue;
            }
            let mut server = TcpStream::connect(address.as_str()).await.unwrap();
            server.write_all(&head).await.unwrap();
            if is_forged {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let mut swallowed = Vec::new();
                from_server.read_to_end(&mut swallowed).await.unwrap();
                let answer = match forged {
                    Forged::BusyAfterRun => refusal(503, "channel.busy"),
                    _ => refusal(400, "channel.key_unknown"),
                };
                to_client.write_all(answer.as_bytes()).await.unwrap();
                continue;
            }
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    between
}

fn refusal(status: u16, code: &str) -> String {
    let body = format!("{{\"code\":\"{code}\"}}");
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Forged\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_client_that_leaves_takes_no_proof_with_it() {
    let upstream = Upstream::fixed("{}");
    let tpms = [Swtpm::start().await, Swtpm::start().await];
    let inner = Setup::new(&tpms[0], &upstream).start().await;
    let (slow, asked) = slow_evidence(inner.address.clone()).await;
    let outer = front(&tpms[1], &slow, &policy(&inner)).start().await;
    let attested = Arc::new(Attested::to(&outer).await);
    for _ in 0..6 {
        let attested = Arc::clone(&attested);
        let stranger = tokio::spawn(async move { attested.ask(&chat("{}")).await.status() });
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        stranger.abort();
    }
    assert_eq!(attested.ask(&chat("{}")).await.text(), "{}");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "one request for evidence served all");
}

/// A way to `address` on which the answer to each request for evidence takes a second longer, and how many there were.
async fn slow_evidence(address: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (address, counter) = (address.clone(), Arc::clone(&counter));
            tokio::spawn(async move {
                let mut head = vec![0; 65_536];
                let read = client.read(&mut head).await.unwrap_or_default();
                head.truncate(read);
                if head.starts_with(b"GET") {
                    counter.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                let Some(end) = find(&head, b"\r\n\r\n") else { return };
                head.splice(end..end, *b"\r\nconnection: close");
                let mut server = TcpStream::connect(address).await.unwrap();
                server.write_all(&head).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (between, asked)
}

#[tokio::test]
async fn an_altered_answer_of_the_other_gateway_is_never_taken_for_a_whole_one() {
    let upstream = Upstream::fixed(r#"{"answer":42}"#);
    let tpms = [Swtpm::start().await, Swtpm::start().await];
    let inner = Setup::new(&tpms[0], &upstream).start().await;
    let between = alter(inner.address.clone()).await;
    let outer = front(&tpms[1], &between, &policy(&inner)).start().await;
    let answer = Attested::to(&outer).await.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_broken"));
    assert_eq!(upstream.requests(), 1);
}

/// A party on the way to `address` that flips a bit near the end of each answer to an encapsulated request.
async fn alter(address: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap().to_string();
    let address = Arc::new(address);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(address.as_str()).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    let piece = &mut buffer[..read];
                    if let Some(start) = find(piece, b"message/ohttp-chunked-res").and(find(piece, b"\r\n\r\n")) {
                        // Behind the head, the length of the first chunk of the transfer, and the response nonce.
                        if let Some(byte) = piece.get_mut(start + 40) {
                            *byte ^= 1;
                        }
                    }
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    between
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
