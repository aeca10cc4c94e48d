//! Answers that come bit by bit: each bit at once, a broken one never as if it were whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use blindllama_testkit::tls::{Authority, VALID};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;

use crate::support::client::{Attested, Opener};
use crate::support::http::{Version, get};
use crate::support::tls_server::TlsServer;
use crate::support::upstream::{Broken, whole};
use crate::support::{Gateway, Message, Setup, Swtpm, Upstream, in_time};

fn chat() -> Message {
    Message::post("/v1/chat/completions", r#"{"stream":true}"#)
}

/// An answer under way.
struct Stream {
    body: Incoming,
    opener: Opener,
    ready: Vec<Vec<u8>>,
}

impl Stream {
    async fn open(attested: &Attested, version: Version) -> Self {
        let sealed = attested.seal(&[&chat().encode()]);
        let response = attested.post(version, sealed.body.clone()).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), opener: sealed.opener(), ready: Vec::new() }
    }

    /// The plaintext of the next chunk; None at the end of the body, whatever kind of end it is.
    async fn next(&mut self) -> Option<Vec<u8>> {
        while self.ready.is_empty() {
            let frame = in_time("a chunk", self.body.frame()).await?.ok()?;
            self.ready = self.opener.push(frame.data_ref()?);
        }
        Some(self.ready.remove(0))
    }

    /// How the body ends: with the final chunk's plaintext, or broken.
    async fn end(mut self) -> Result<Option<Vec<u8>>, hyper::Error> {
        assert!(self.ready.is_empty());
        while let Some(frame) = in_time("an end", self.body.frame()).await {
            assert!(self.opener.push(frame?.data_ref().unwrap()).is_empty());
        }
        Ok(self.opener.finish())
    }
}

/// What a chunk of one piece of content carries.
fn content(chunk: &[u8]) -> &str {
    let (length, size) = blindllama_gateway::varint::peek(chunk).unwrap();
    assert_eq!(chunk.len(), size + length as usize, "one piece");
    std::str::from_utf8(&chunk[size..]).unwrap()
}

/// The text without the gateway's comments, of which each of its chunks has one with a blank line behind it.
fn without_filler(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if line.len() > 3 && line.starts_with(": ") && line[1..].trim().is_empty() {
            assert_eq!(lines.next().map(str::trim), Some(""), "a block of its own");
        } else {
            kept.push_str(line);
        }
    }
    kept
}

/// What a padded chunk carries.
fn event(chunk: &[u8]) -> String {
    assert_eq!(chunk.len() % 512, 0, "{} bytes", chunk.len());
    without_filler(content(chunk))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

async fn started(upstream: &Upstream) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

#[tokio::test]
async fn each_event_is_one_chunk_and_arrives_before_the_next_is_made() {
    for version in [Version::Http1, Version::Http2] {
        let (events, upstream) = Upstream::events();
        let (_swtpm, gateway, attested) = started(&upstream).await;
        let mut stream = Stream::open(&attested, version).await;
        assert_eq!(stream.next().await.unwrap()[0], 3, "the head of a response of indeterminate length");
        for sent in ["data: {\"a\":1}\n\n", ": keep-alive\r\n\r\n", "event: x\ndata: y\r\n\r\n", "data: [DONE]\n\n"] {
            // The next event does not exist yet: only the gateway's own haste can deliver this one.
            events.send(Ok(sent)).unwrap();
            assert_eq!(event(&stream.next().await.unwrap()), sent, "{version:?}");
        }
        drop(events);
        assert_eq!(stream.end().await.unwrap(), Some(vec![0, 0]), "an authenticated end");
        let line = gateway.log.wait("request", 1).await;
        assert_eq!(line["status"], "2xx");
    }
}

#[tokio::test]
async fn events_of_one_write_are_one_chunk_as_long_as_theirs_would_be_apart() {
    let (events, upstream) = Upstream::events();
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let mut stream = Stream::open(&attested, Version::Http1).await;
    stream.next().await.unwrap();
    events.send(Ok("data: 1\n\ndata: 2\n\ndata:")).unwrap();
    events.send(Ok(" 3\n\n")).unwrap();
    for (sent, length) in [("data: 1\n\ndata: 2\n\n", 1024), ("data: 3\n\n", 512)] {
        let chunk = stream.next().await.unwrap();
        assert_eq!((event(&chunk).as_str(), chunk.len()), (sent, length));
    }
}

#[tokio::test]
async fn the_length_of_a_chunk_does_not_tell_that_of_its_event() {
    let (events, upstream) = Upstream::events();
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let mut stream = Stream::open(&attested, Version::Http2).await;
    stream.next().await.unwrap();
    let sent: Vec<&'static str> =
        [1, 40, 200, 480].map(|length| leak(format!("data: {}\n\n", "x".repeat(length)))).into();
    for sent in &sent {
        events.send(Ok(sent)).unwrap();
        let chunk = stream.next().await.unwrap();
        assert_eq!((chunk.len(), event(&chunk).as_str()), (512, *sent));
    }
    // Two parts that fill chunks, and the rest.
    let long = leak(format!("data: {}\r\n\r\n", "y".repeat(40_000)));
    events.send(Ok(long)).unwrap();
    let chunks = [stream.next().await.unwrap(), stream.next().await.unwrap(), stream.next().await.unwrap()];
    assert_eq!(chunks.each_ref().map(Vec::len), [16_379, 16_379, 7680]);
    assert_eq!(without_filler(&chunks.each_ref().map(|chunk| content(chunk)).concat()), *long);
    // An end without a blank line.
    events.send(Ok("data: rest")).unwrap();
    drop(events);
    let rest = stream.next().await.unwrap();
    assert_eq!((rest.len(), event(&rest).as_str()), (512, "data: rest"));
    assert_eq!(stream.end().await.unwrap(), Some(vec![0, 0]));
}

#[tokio::test]
async fn an_operator_may_leave_events_as_long_as_they_are() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.event_bucket_bytes", 0).start().await;
    let mut stream = Stream::open(&Attested::to(&gateway).await, Version::Http1).await;
    stream.next().await.unwrap();
    for sent in ["data: 1\n\n", "event: x\rdata: y\r\r"] {
        events.send(Ok(sent)).unwrap();
        assert_eq!(content(&stream.next().await.unwrap()), sent);
    }
}

#[tokio::test]
async fn events_of_one_moment_leave_together_where_the_operator_wants_it() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.batch_ms", 10_000).start().await;
    let attested = Attested::to(&gateway).await;
    let mut stream = Stream::open(&attested, Version::Http1).await;
    stream.next().await.unwrap();
    for sent in ["data: 1\n\n", "data: 2\n\n", "data: 3\n", "\n"] {
        events.send(Ok(sent)).unwrap();
        // Each is written by itself.
        events.all_taken().await;
    }
    let chunk = stream.next().await.unwrap();
    assert_eq!((chunk.len(), event(&chunk).as_str()), (512, "data: 1\n\ndata: 2\n\ndata: 3\n\n"));
    events.send(Ok("data: 4\n\ndata: [DONE]\n\n")).unwrap();
    drop(events);
    assert_eq!(event(&stream.next().await.unwrap()), "data: 4\n\ndata: [DONE]\n\n");
    assert_eq!(stream.end().await.unwrap(), Some(vec![0, 0]));
}

#[tokio::test]
async fn an_upstream_that_dies_while_events_wait_leaves_an_answer_without_an_end() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.batch_ms", 10_000).start().await;
    let mut stream = Stream::open(&Attested::to(&gateway).await, Version::Http2).await;
    stream.next().await.unwrap();
    events.send(Ok("data: [DONE]\n\n")).unwrap();
    events.send(Err(Broken)).unwrap();
    assert!(stream.end().await.is_err());
    gateway.log.wait("request.aborted", 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_while_events_wait_stops_the_upstream() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.batch_ms", 10_000).start().await;
    let attested = Attested::to(&gateway).await;
    let mut stream = Stream::open(&attested, Version::Http1).await;
    stream.next().await.unwrap();
    events.send(Ok("data: 1\n\n")).unwrap();
    drop(stream);
    upstream.closed(1).await;
    gateway.log.wait("request.aborted", 1).await;
}

#[tokio::test]
async fn the_size_of_a_whole_answer_tells_little_of_its_length() {
    let mut shapes = Vec::new();
    for length in [2, 100, 250, 3000, 3100] {
        let text = leak(format!("\"{}\"", "x".repeat(length - 2)));
        let upstream = Upstream::fixed(text);
        let (_swtpm, _gateway, attested) = started(&upstream).await;
        let answer = attested.ask(&chat()).await;
        assert_eq!(answer.text(), text);
        shapes.push(answer.chunks.iter().map(Vec::len).collect::<Vec<_>>());
    }
    assert_eq!(shapes[0], [512]);
    assert!(shapes[0] == shapes[1] && shapes[1] == shapes[2] && shapes[3] == shapes[4], "{shapes:?}");
    // The gateway's own answers too.
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let refused = attested.ask(&Message::post("/v1/nothing", "{}")).await;
    assert_eq!(refused.code(), "request.route");
    let total: usize = refused.chunks.iter().map(Vec::len).sum();
    assert!(refused.chunks.len() == 1 && total.is_multiple_of(32), "{total}");
}

#[tokio::test]
async fn an_upstream_that_dies_leaves_an_answer_without_an_end() {
    for version in [Version::Http1, Version::Http2] {
        let (events, upstream) = Upstream::events();
        let (_swtpm, gateway, attested) = started(&upstream).await;
        let mut stream = Stream::open(&attested, version).await;
        stream.next().await.unwrap();
        // Even behind what an application takes for the end.
        events.send(Ok("data: [DONE]\n\n")).unwrap();
        stream.next().await.unwrap();
        events.send(Err(Broken)).unwrap();
        assert!(stream.end().await.is_err(), "{version:?}: the transport breaks off too");
        gateway.log.wait("request.aborted", 1).await;
    }
}

#[tokio::test]
async fn an_upstream_that_pauses_too_long_leaves_an_answer_without_an_end() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.upstream_timeout_ms", 3000).start().await;
    let mut stream = Stream::open(&Attested::to(&gateway).await, Version::Http2).await;
    stream.next().await.unwrap();
    events.send(Ok("data: 1\n\n")).unwrap();
    stream.next().await.unwrap();
    assert!(stream.end().await.is_err());
    upstream.closed(1).await;
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_upstream() {
    for version in [Version::Http1, Version::Http2] {
        let (events, upstream) = Upstream::events();
        let (_swtpm, gateway, attested) = started(&upstream).await;
        let mut stream = Stream::open(&attested, version).await;
        stream.next().await.unwrap();
        events.send(Ok("data: 1\n\n")).unwrap();
        stream.next().await.unwrap();
        drop(stream);
        upstream.closed(1).await;
        assert_eq!(gateway.log.wait("request.aborted", 1).await["status"], "2xx");
    }
}

#[tokio::test]
async fn over_tls_events_pass_at_once_and_a_client_that_leaves_stops_the_upstream() {
    let (events, upstream) = Upstream::events();
    let (swtpm, authority) = (Swtpm::start().await, Authority(1));
    let server = TlsServer::before(&upstream, authority.certify(&["127.0.0.1"], VALID)).await;
    let gateway = Setup::to(&swtpm, &server.url()).with("upstream.ca", authority.pem()).start().await;
    let attested = Attested::to(&gateway).await;
    let mut stream = Stream::open(&attested, Version::Http1).await;
    stream.next().await.unwrap();
    for sent in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        events.send(Ok(sent)).unwrap();
        assert_eq!(event(&stream.next().await.unwrap()), sent);
    }
    drop(stream);
    upstream.closed(1).await;
    assert_eq!(gateway.log.wait("request.aborted", 1).await["status"], "2xx");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_first_byte_stops_the_upstream() {
    for version in [Version::Http1, Version::Http2] {
        let upstream = Upstream::start(|_| None);
        let (_swtpm, gateway, attested) = started(&upstream).await;
        let sealed = attested.seal(&[&chat().encode()]);
        tokio::select! {
            _ = attested.post(version, sealed.body.clone()) => panic!("nobody answers"),
            () = upstream.came(1) => {}
        }
        upstream.closed(1).await;
        assert_eq!(gateway.log.wait("request.aborted", 1).await["status"], "none");
    }
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_given_up_inside() {
    let upstream = Upstream::start(|_| None);
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.upstream_timeout_ms", 200).start().await;
    let answer = Attested::to(&gateway).await.ask(&chat()).await;
    assert_eq!((answer.status(), answer.code()), (504, "request.upstream_timeout"));
    upstream.closed(1).await;
}

/// A model server that never ends its answer, and the number of 64 KiB pieces that it was asked for.
fn endless() -> (Arc<AtomicUsize>, Upstream) {
    let produced = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&produced);
    let upstream = Upstream::start(move |_| {
        let counter = Arc::clone(&counter);
        let endless = futures::stream::repeat_with(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Broken>(Frame::data(Bytes::from_static(&[b'x'; 65_536])))
        });
        Some(http::Response::new(StreamBody::new(endless).boxed_unsync()))
    });
    (produced, upstream)
}

#[tokio::test]
async fn a_client_that_takes_nothing_any_more_stops_the_upstream() {
    for version in [Version::Http1, Version::Http2] {
        let (_produced, upstream) = endless();
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).with("limits.body_timeout_ms", 3000).start().await;
        let mut stream = Stream::open(&Attested::to(&gateway).await, version).await;
        stream.next().await.unwrap();
        upstream.closed(1).await;
        gateway.log.wait("request.aborted", 1).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_the_upstream_down() {
    let (produced, upstream) = endless();
    for version in [Version::Http1, Version::Http2] {
        let (_swtpm, gateway, attested) = started(&upstream).await;
        produced.store(0, Ordering::Relaxed);
        let mut stream = Stream::open(&attested, version).await;
        stream.next().await.unwrap();
        // Buffers fill up, then everything stands still, while the gateway serves others.
        let mut before = 0;
        let mut unchanged = 0;
        while unchanged < 50 {
            assert_eq!(get(&gateway.address, "/blindllama/v1/health").await.status, 200);
            let now = produced.load(Ordering::Relaxed);
            assert!(now < 1024, "64 MiB and no end");
            unchanged = if now == before { unchanged + 1 } else { 0 };
            before = now;
        }
        // One who reads again gets more.
        let more = async {
            while produced.load(Ordering::Relaxed) <= before {
                stream.next().await.unwrap();
            }
        };
        in_time("more", more).await;
    }
}

#[tokio::test]
async fn an_answer_of_any_size_arrives_whole_in_chunks_that_fit() {
    let text: &'static str = Box::leak((0..200_000).map(|n| format!("{n},")).collect::<String>().into_boxed_str());
    let upstream = Upstream::start(move |_| Some(http::Response::new(whole(text))));
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let answer = attested.ask(&chat()).await;
    assert!(answer.text() == text);
    assert!(answer.chunks.iter().all(|chunk| chunk.len() <= 16_384));
    let (_, others) = answer.chunks.split_last().unwrap();
    assert!(others.iter().all(|chunk| chunk.len() == 16_384), "all but the last are full");
}
