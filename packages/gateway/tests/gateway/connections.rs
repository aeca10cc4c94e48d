//! Connections: how many there are, and what a client that sends and does not read can hold.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::client::{Attested, random};
use crate::support::http::Version;
use crate::support::{Message, Setup, Swtpm, Upstream, in_time};

/// Content that no buffer between client and gateway holds, in bytes.
const LONG: usize = 30_000_000;

const HEALTH: &[u8] = b"GET /blindllama/v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.connections", 2).start().await;
    let attested = Attested::to(&gateway).await;
    // Both connections are busy: one with an answer under way, one with a request that never ends.
    let sealed = attested.seal(&[&Message::post("/v1/chat/completions", "{}").encode()]);
    let answer = attested.post(Version::Http1, sealed.body).await.unwrap();
    let mut second = TcpStream::connect(&gateway.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: message/ohttp-chunked-req\r\ncontent-length: 9\r\n\r\n",
        attested.path(),
    );
    second.write_all(head.as_bytes()).await.unwrap();
    gateway.log.wait("channel.request", 2).await;
    let mut third = TcpStream::connect(&gateway.address).await.unwrap();
    third.write_all(HEALTH).await.unwrap();
    let mut text = Vec::new();
    assert!(timeout(Duration::from_millis(500), third.read_buf(&mut text)).await.is_err(), "there is no place for it");
    drop((answer, events));
    in_time("an answer on the third", third.read_to_end(&mut text)).await.unwrap();
    assert!(text.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn idle_connections_make_room_for_newcomers() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    // Long after the test ends: no idle connection ends by itself.
    let setup = Setup::new(&swtpm, &upstream).with("limits.connections", 20);
    let gateway = setup.with("limits.header_timeout_ms", 300_000).start().await;
    let mut idle = Vec::new();
    for _ in 0..60 {
        idle.push(TcpStream::connect(&gateway.address).await.unwrap());
    }
    for _ in 0..5 {
        let mut newcomer = TcpStream::connect(&gateway.address).await.unwrap();
        newcomer.write_all(HEALTH).await.unwrap();
        let mut answer = Vec::new();
        in_time("a place", newcomer.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

/// Sends `body` whole before it reads a byte, as simple clients do; returns the answer's head and body.
async fn send_then_read(attested: &Attested, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(&attested.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: message/ohttp-chunked-req\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        attested.path(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    in_time("the whole request's leaving", stream.write_all(body)).await.expect("the gateway reads to the end");
    let mut answer = Vec::new();
    in_time("the answer", stream.read_to_end(&mut answer)).await.expect("the answer arrives whole");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_gets_its_refusal() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    // Two chunks, of which the first one holds the head, and more than any buffer takes behind them.
    let long = |path: &str, altered: Option<usize>| {
        let message = Message::post(path, vec![b'x'; 20_000]).encode();
        let (first, second) = message.split_at(10_000);
        let mut body = attested.seal(&[first, second, b""]).body;
        if let Some(position) = altered {
            body[position] ^= 0x55;
        }
        body.resize(LONG, 0x55);
        body
    };
    // Outside, before anything opens.
    let answer = send_then_read(&attested, &long("/v1/chat/completions", Some(0))).await;
    assert!(answer.contains("channel.key_unknown"), "{answer}");
    // Outside, in its second chunk.
    let answer = send_then_read(&attested, &long("/v1/chat/completions", Some(15_000))).await;
    assert!(answer.contains("channel.decrypt"), "{answer}");
    // Inside, by its head alone.
    let answer = send_then_read(&attested, &long("/v1/nothing", None)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("message/ohttp-chunked-res"), "{answer}");
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn a_refused_client_cannot_send_for_ever() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("limits.request_bytes", 100_000)
        .with("limits.field_bytes", 1000)
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: message/ohttp-chunked-req\r\ntransfer-encoding: chunked\r\n\r\n",
        attested.path(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut piece = b"10000\r\n".to_vec();
    piece.extend([0x55; 65_536]);
    piece.extend(b"\r\n");
    piece[7..14].copy_from_slice(&random::<7>());
    let mut sent = 0;
    let sending = async {
        while sent < LONG && stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
    };
    in_time("the end of the connection", sending).await;
    assert!(sent < LONG, "the gateway reads {sent} bytes of a request of at most 100,000");
}
