//! Strangers that hold much and move little: the others are answered all the same, and memory stays bounded.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{sleep, timeout};

use crate::support::attack::{Attack, connect, held, resident_bytes, told, whole};
use crate::support::client::{Attested, Evidence, random};
use crate::support::upstream::Body;
use crate::support::{Answer, Message, PATIENCE, Setup, Swtpm, Upstream, in_time};

const MIB: u64 = 1 << 20;

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

/// Asks `count` times, as clients of their own.
async fn genuine(attested: &Attested, count: usize) {
    for number in 0..count {
        let answer = in_time("a genuine answer", attested.ask(&chat())).await;
        assert_eq!(answer.status(), 200, "request {number}");
    }
}

#[tokio::test]
async fn requests_without_content_shut_out_nobody() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    // Nobody is refused for the time that he takes.
    let setup = Setup::new(&swtpm, &upstream).with("limits.arriving", 256).with("limits.header_timeout_ms", 120_000);
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    for period in [None, Some(Duration::from_millis(500))] {
        let mut attack = Attack::unopened(&attested, 4, 250, period).await;
        // By now they have stayed for longer than a crowd of genuine requests would.
        sleep(Duration::from_millis(1100)).await;
        genuine(&attested, 20).await;
        let mut refused = 0;
        in_time("the refusals of those beyond the budget", async {
            while refused < 30 {
                refused += attack.ended();
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        assert_eq!(gateway.log.wait("channel.refused", 1).await["code"], "channel.busy");
    }
}

#[tokio::test]
async fn requests_without_content_shut_out_nobody_of_their_own_connection() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.arriving", 64).start().await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&attested.address, 1 << 16).await;
    let mut attack = Attack::default();
    for _ in 0..100 {
        let silent = attested.request(crate::support::attack::endless(Vec::new()));
        attack.hold(&mut connection, silent).await;
        let sealed = attested.seal(&[&chat().encode()]);
        let answer = connection.send_request(attested.request(whole(sealed.body.clone())));
        let answer = in_time("a genuine answer", answer).await.unwrap();
        assert_eq!(Answer::read(sealed, answer).await.status(), 200);
    }
}

#[tokio::test]
async fn a_request_that_does_not_open_in_time_is_refused_however_its_bytes_come() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.header_timeout_ms", 3000).start().await;
    let attested = Attested::to(&gateway).await;
    for period in [None, Some(Duration::from_millis(100))] {
        let _attack = Attack::unopened(&attested, 1, 5, period).await;
        let refused = gateway.log.wait("channel.refused", if period.is_none() { 5 } else { 10 }).await;
        assert_eq!(refused["code"], "request.timeout");
    }
}

#[tokio::test]
async fn a_request_that_comes_too_slowly_is_refused() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("limits.body_timeout_ms", 1000)
        .with("limits.body_rate_bytes", 100_000)
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&attested.address, 1 << 16).await;
    let message = Message::post("/v1/completions", vec![b'x'; 10_000]).encode();
    let sealed = attested.seal(&message.chunks(100).collect::<Vec<_>>());
    // 100 bytes in 20 ms are a twentieth of the rate; no pause is as long as may be.
    let body = crate::support::attack::paced(sealed.body, 100, Duration::from_millis(20));
    let answer = in_time("the refusal", connection.send_request(attested.request(body))).await.unwrap();
    assert_eq!(answer.status(), 408);
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn evidence_that_nobody_takes_holds_little_memory() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("event.log");
    std::fs::write(&log, vec![7; 500_000]).unwrap();
    let logs = toml::Value::Array(vec![log.to_str().unwrap().into()]);
    let gateway = Setup::new(&swtpm, &upstream).with("attestation.event_logs", logs).start().await;
    let attested = Attested::to(&gateway).await;
    genuine(&attested, 5).await;
    let before = resident_bytes(gateway.pid());
    let attack = Attack::unread_evidence(&gateway.address, 2, 250).await;
    gateway.log.wait("evidence", 2).await;
    sleep(Duration::from_secs(2)).await;
    genuine(&attested, 5).await;
    let grown = resident_bytes(gateway.pid()).saturating_sub(before);
    assert!(grown < 12 * MIB, "500 answers of 500,000 bytes hold {} MiB", grown / MIB);
    drop(attack);
}

#[tokio::test]
async fn unread_answers_of_a_connection_give_way_to_new_ones() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let mut connection = connect(&gateway.address, 0).await;
    let ask = || {
        let path = Evidence::path(&random());
        Request::get(format!("http://{}{path}", gateway.address)).body(whole("")).unwrap()
    };
    let mut unread = Vec::new();
    for _ in 0..64 {
        unread.push(in_time("an answer", connection.send_request(ask())).await.unwrap());
    }
    sleep(Duration::from_millis(1500)).await;
    let _more = in_time("an answer", connection.send_request(ask())).await.unwrap();
    let mut oldest = unread.remove(0).into_body();
    let end = in_time("the end of the oldest", oldest.frame()).await.expect("not a regular end");
    assert!(end.is_err());
    let mut next = unread.remove(0).into_body();
    assert!(timeout(Duration::from_millis(200), next.frame()).await.is_err(), "one made room for one");
}

#[tokio::test]
async fn refusals_that_nobody_takes_hold_no_stream() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.streams", 4).start().await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&attested.address, 0).await;
    let mut attack = Attack::default();
    for _ in 0..8 {
        let sealed = attested.seal(&[&chat().with("idempotency-key", None).encode()]);
        attack.hold(&mut connection, attested.request(whole(sealed.body))).await;
    }
    gateway.log.wait("request.refused", 8).await;
    genuine(&attested, 8).await;
}

#[tokio::test]
async fn content_in_chunks_of_a_byte_holds_little_memory() {
    const LENGTH: usize = 40_000;
    const STREAMS: usize = 3;
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    genuine(&attested, 5).await;
    let before = resident_bytes(gateway.pid());
    let attack = Attack::byte_chunks(&attested, STREAMS, LENGTH).await;
    sleep(Duration::from_secs(4)).await;
    let grown = resident_bytes(gateway.pid()).saturating_sub(before);
    assert!(grown < STREAMS as u64 * MIB, "{STREAMS} requests of {LENGTH} bytes hold {} KiB", grown / 1024);
    drop(attack);
    genuine(&attested, 5).await;
}

/// So many events, a frame each.
fn events(count: usize) -> Body {
    let event = |_| Ok(Frame::data(Bytes::from_static(b"data: {\"delta\":{\"content\":\"x\"}}\n\n")));
    StreamBody::new(futures::stream::iter((0..count).map(event))).boxed_unsync()
}

/// Over one connection to the model server, as `h2c://` has it.
#[tokio::test]
async fn answers_that_nobody_takes_leave_the_others_their_part_of_the_upstreams_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("h2c://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(|request: Request<Incoming>| async move {
                let content = request.into_body().collect().await.unwrap().to_bytes();
                let (kind, body) = match &content[..] {
                    b"{}" => ("application/json", crate::support::upstream::whole("{}")),
                    // Each token is a frame of its own.
                    _ => ("text/event-stream", events(20_000)),
                };
                Ok::<_, Infallible>(Response::builder().header("content-type", kind).body(body).unwrap())
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service));
        }
    });
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &url).start().await;
    let attested = Attested::to(&gateway).await;
    genuine(&attested, 1).await;
    let before = resident_bytes(gateway.pid());
    let _attack = Attack::unread_answers(&attested, 120, "long").await;
    for _ in 0..10 {
        genuine(&attested, 1).await;
        sleep(Duration::from_millis(100)).await;
    }
    let grown = resident_bytes(gateway.pid()).saturating_sub(before);
    assert!(grown < 120 * MIB, "120 answers in frames of a token hold {} MiB", grown / MIB);
}

/// Over one connection to the gateway, as a proxy has it that multiplexes its visitors.
#[tokio::test]
async fn uploads_that_the_upstream_does_not_read_leave_the_others_their_part_of_the_connection() {
    // More than the kernel buffers for the upstream.
    const LENGTH: usize = 6_000_000;
    // Little of an upload disappears in buffers.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16_384).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 16_384];
                let length = stream.read(&mut request).await.unwrap();
                let short = request[..length].windows(17).any(|text| text == b"content-length: 2");
                let answer: &[u8] = if short {
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
                } else {
                    // An early answer without an end, and nothing more is read.
                    b"HTTP/1.1 401 Unauthorized\r\ncontent-type: text/event-stream\r\n\r\ndata: no\n\n"
                };
                stream.write_all(answer).await.unwrap();
                if !short {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &url).start().await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&attested.address, 1 << 16).await;
    let _attack = Attack::uploads(&mut connection, &attested, 3, LENGTH).await;
    let message = Message::post("/v1/embeddings", vec![b'x'; LENGTH]).encode();
    let last = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
    let (body, sent) = told(last.body);
    connection.ready().await.unwrap();
    let refusal = in_time("the refusal", connection.send_request(attested.request(body))).await.unwrap();
    assert_eq!(refusal.status(), 200, "the refusal is inside");
    for _ in 0..5 {
        let sealed = attested.seal(&[&chat().encode()]);
        connection.ready().await.unwrap();
        let answer = connection.send_request(attested.request(whole(sealed.body.clone())));
        let answer = timeout(PATIENCE / 3, answer).await.expect("an answer on the same connection").unwrap();
        assert_eq!(Answer::read(sealed, answer).await.status(), 200);
    }
    in_time("the whole of an upload that was refused", sent.notified()).await;
}

/// Asks for `count` uploads that have no end, over one connection, of an upstream that refuses each unread. Returns how many of them the
/// gateway still takes in behind its answers, once there are no more than `most`.
async fn drained_uploads(count: usize, arriving: i64, most: usize) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (refused, mut refusals) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let refused = refused.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 1024]).await;
                let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
                refused.send(()).unwrap();
                std::future::pending::<()>().await;
            });
        }
    });
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &url).with("limits.arriving", arriving).start().await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&attested.address, 1 << 16).await;
    let message = |_| Message::post("/v1/embeddings", vec![b'x'; 500_000]).encode();
    let sealed = (0..count).map(message).map(|message| attested.seal(&message.chunks(16_384).collect::<Vec<_>>()));
    let sealed: Vec<_> = sealed.collect();
    let taken = Arc::new(());
    let mut answers = Vec::new();
    for sealed in sealed {
        connection.ready().await.unwrap();
        let body = held(sealed.body[..400_000].to_vec(), Arc::clone(&taken));
        answers.push((connection.send_request(attested.request(body)), sealed));
        // Only one at a time arrives.
        in_time("a refusal of the upstream", refusals.recv()).await.unwrap();
    }
    for (answer, sealed) in answers {
        let answer = in_time("the refusal", answer).await.unwrap();
        assert_eq!(Answer::read(sealed, answer).await.status(), 413);
    }
    in_time("the end of those beyond their places", async {
        while Arc::strong_count(&taken) - 1 > most {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    sleep(Duration::from_millis(500)).await;
    Arc::strong_count(&taken) - 1
}

/// What an upload still sends after its refusal is thrown away on a place among the requests that arrive.
#[tokio::test]
async fn uploads_that_were_refused_take_no_more_than_requests_that_arrive() {
    assert_eq!(drained_uploads(12, 1024, 12).await, 12, "each has a place");
    // On one place, and four times that while they are young.
    assert_ne!(drained_uploads(12, 1, 4).await, 0, "the last ones keep theirs");
}
