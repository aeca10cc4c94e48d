//! What real model servers send, and how they end: the client gets what a call without the gateway would give it (PROTOCOL.md §11).

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::Reason;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::{Attested, Opener};
use crate::support::http::{Version, send};
use crate::support::ports::dead_address;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream, in_time};

/// A model server that writes bytes.
struct Raw {
    url: String,
    requests: Arc<AtomicUsize>,
}

/// What it does with a connection once the answer is written.
#[derive(Clone, Copy)]
enum End {
    Close,
    Keep,
}

impl Raw {
    /// Answers the request with this number, counted from 0, with `answer`.
    async fn start(end: End, answer: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                read_request(&mut stream).await;
                stream.write_all(&answer(counter.fetch_add(1, Ordering::Relaxed))).await.unwrap();
                if let End::Keep = end {
                    kept.push(stream);
                }
            }
        });
        Self { url, requests }
    }

    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(End::Close, move |_| answer.clone()).await
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// Reads a request with a short content, of whatever framing.
async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        stream.read_buf(&mut request).await.unwrap();
    }
    let head = request.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    while request.len() < head + length {
        stream.read_buf(&mut request).await.unwrap();
    }
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

async fn before(url: &str) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let unused = Upstream::fixed("{}");
    let setup = Setup::new(&swtpm, &unused).with("upstream.url", url).with("upstream.kind", "in-image");
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

async fn answer_to(raw: &Raw) -> Answer {
    let (_swtpm, _gateway, attested) = before(&raw.url).await;
    attested.ask(&chat()).await
}

fn with_length(head: &str, content: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", content.len()).as_bytes(), content].concat()
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// The plaintext that came before the answer broke off.
async fn read_broken(attested: &Attested, version: Version) -> String {
    let sealed = attested.seal(&[&chat().encode()]);
    let response = attested.post(version, sealed.body.clone()).await.expect("the head leaves too");
    let mut body: Incoming = response.into_body();
    let mut opener: Opener = sealed.opener();
    let mut chunks = Vec::new();
    while let Some(Ok(frame)) = in_time("a frame", body.frame()).await {
        chunks.extend(opener.push(frame.data_ref().unwrap()));
    }
    assert_eq!(opener.finish(), None, "no end");
    String::from_utf8_lossy(&chunks.concat()).into_owned()
}

#[tokio::test]
async fn what_arrived_before_the_upstream_died_leaves_before_the_answer_breaks_off() {
    let events: Vec<String> = (0..40).map(|n| format!("data: event {n};\n\n")).collect();
    let cut = [EVENTS.to_owned(), events.iter().map(|event| chunk(event)).collect(), chunk("data: half of")].concat();
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"half\": \"of\"";
    for version in [Version::Http1, Version::Http2] {
        let raw = Raw::answering(cut.clone()).await;
        let (_swtpm, gateway, attested) = before(&raw.url).await;
        let text = read_broken(&attested, version).await;
        assert!(events.iter().all(|event| text.contains(event)), "{version:?}: {text}");
        assert!(text.ends_with("data: half of"), "{version:?}: {text}");
        gateway.log.wait("request.aborted", 1).await;

        let raw = Raw::answering(json).await;
        let (_swtpm, _gateway, attested) = before(&raw.url).await;
        assert!(read_broken(&attested, version).await.ends_with("{\"half\": \"of\""), "{version:?}");
    }
}

#[tokio::test]
async fn the_head_leaves_where_the_upstream_died_behind_it() {
    let raw = Raw::answering(EVENTS).await;
    let (_swtpm, _gateway, attested) = before(&raw.url).await;
    for version in [Version::Http1, Version::Http2] {
        assert!(read_broken(&attested, version).await.contains("text/event-stream"));
    }
}

#[tokio::test]
async fn fields_are_read_as_clients_of_model_servers_read_them() {
    let many: String = (0..400).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let raw = Raw::answering(with_length(&format!("200 OK\r\n{many}spaced : b\r\nfolded: one\r\n\ttwo"), b"{}")).await;
    let answer = answer_to(&raw).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        (answer.field("x-399"), answer.field("spaced"), answer.field("folded")),
        (Some("399"), Some("b"), Some("one two"))
    );
}

#[tokio::test]
async fn every_status_of_http_passes_and_another_is_the_upstreams_fault() {
    for status in [203, 205, 207, 300, 304, 307, 418, 499, 529, 599] {
        let raw = Raw::answering(with_length(&format!("{status} X"), b"")).await;
        assert_eq!(answer_to(&raw).await.status(), status);
    }
    // Without a length, on a connection that stays open.
    for status in [204, 205, 304] {
        let raw = Raw::start(End::Keep, move |_| format!("HTTP/1.1 {status} X\r\netag: \"1\"\r\n\r\n").into()).await;
        let answer = answer_to(&raw).await;
        assert_eq!((answer.status(), answer.field("etag"), answer.text()), (status, Some("\"1\""), ""));
    }
    for status in [101, 600, 999] {
        let raw = Raw::answering(with_length(&format!("{status} X"), b"")).await;
        let answer = answer_to(&raw).await;
        assert_eq!((answer.status(), answer.code()), (502, "request.upstream_status"));
        assert!(answer.text().contains(&format!("status {status}")), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_was_compressed_unasked_is_decoded() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"data: {\"a\":1}\n\ndata: [DONE]\n\n").unwrap();
    let packed = gzip.finish().unwrap();
    let head = "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip";
    let answer = answer_to(&Raw::answering(with_length(head, &packed)).await).await;
    assert_eq!(answer.field("content-encoding"), None);
    assert!(
        answer.text().ends_with("data: [DONE]\n\n") && answer.text().contains("data: {\"a\":1}\n\n"),
        "{}",
        answer.text()
    );

    let cut = &packed[..packed.len() - 4];
    let raw = Raw::answering(with_length(head, cut)).await;
    let (_swtpm, _gateway, attested) = before(&raw.url).await;
    assert!(read_broken(&attested, Version::Http1).await.contains("[DONE]"), "no end, and what could be decoded");
}

#[tokio::test]
async fn a_coding_that_is_not_known_passes_as_it_is() {
    let bytes = b"data: these bytes mean something else\n\n";
    let head = "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: dcb";
    let answer = answer_to(&Raw::answering(with_length(head, bytes)).await).await;
    assert_eq!((answer.field("content-encoding"), answer.message.content()), (Some("dcb"), &bytes[..]));
}

#[tokio::test]
async fn json_under_the_name_of_events_stays_as_it_is() {
    let error = "{\n\n\"error\": {\"message\": \"slow down\"}}";
    for head in ["429 X\r\ncontent-type: text/event-stream", "200 OK\r\ncontent-type: text/event-stream;charset=utf-8"]
    {
        let answer = answer_to(&Raw::answering(with_length(head, error.as_bytes())).await).await;
        assert_eq!(answer.text(), error);
        let lengths: Vec<_> = answer.chunks.iter().skip(1).map(Vec::len).collect();
        assert_eq!(lengths, [512], "behind the head, padded as what it is");
    }
    let blanks = [EVENTS, &chunk("\n\n"), &chunk(error), "0\r\n\r\n"].concat();
    assert_eq!(answer_to(&Raw::answering(blanks).await).await.text(), format!("\n\n{error}"));
}

#[tokio::test]
async fn json_of_unknown_length_leaves_before_its_end() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let open = [head, &chunk("\n")].concat();
    let raw = Raw::start(End::Keep, move |_| open.clone().into()).await;
    let (_swtpm, _gateway, attested) = before(&raw.url).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let mut body = attested.post(Version::Http1, sealed.body.clone()).await.unwrap().into_body();
    let mut opener = sealed.opener();
    let mut text = Vec::new();
    // The end does not exist yet.
    while !text.ends_with(b"\x01\n") {
        let frame = in_time("the blank", body.frame()).await.unwrap().unwrap();
        text.extend(opener.push(frame.data_ref().unwrap()).concat());
    }
    // One that is there at once is padded as a whole.
    let whole = [head, &chunk("{\"a\":"), &chunk("1}"), "0\r\n\r\n"].concat();
    let answer = answer_to(&Raw::answering(whole).await).await;
    assert_eq!((answer.text(), answer.chunks.iter().map(Vec::len).collect::<Vec<_>>()), ("{\"a\":1}", vec![512]));
}

#[tokio::test]
async fn a_request_that_failed_may_be_repeated_under_its_own_key() {
    for status in [400, 429, 500, 503] {
        let raw = Raw::start(End::Close, move |number| {
            // The gateway is told that the connection ends: it may not see the end before the next request.
            let status = if number == 0 { status } else { 200 };
            with_length(&format!("{status} X\r\nconnection: close"), b"{}")
        });
        let raw = raw.await;
        let (_swtpm, _gateway, attested) = before(&raw.url).await;
        let message = chat();
        assert_eq!(attested.ask(&message).await.status(), status);
        assert_eq!(attested.ask(&message).await.status(), 200, "{status}");
        assert_eq!(attested.ask(&message).await.code(), "request.duplicate");
        assert_eq!(raw.requests(), 2);
    }
}

#[tokio::test]
async fn a_request_that_nobody_got_may_be_repeated_under_its_own_key() {
    let (_swtpm, _gateway, attested) = before(&format!("http://{}", dead_address())).await;
    let message = chat();
    for _ in 0..2 {
        assert_eq!(attested.ask(&message).await.code(), "request.upstream_unreachable");
    }
    // One that broke off may have been run, and a second one hears so.
    let raw = Raw::answering("").await;
    let (_swtpm, _gateway, attested) = before(&raw.url).await;
    assert_eq!(attested.ask(&message).await.code(), "request.upstream_broken");
    let second = attested.ask(&message).await;
    assert_eq!((second.status(), second.code()), (409, "request.duplicate"));
    assert!(second.text().contains("whether it was run is unknown"), "{}", second.text());
    assert_eq!(raw.requests(), 1);
}

#[tokio::test]
async fn a_stream_that_the_upstream_refused_is_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("h2c://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                if number < 2 {
                    respond.send_reset(Reason::REFUSED_STREAM);
                    continue;
                }
                let mut body = request.into_body();
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    let content: Bytes = body.data().await.unwrap().unwrap();
                    assert_eq!(content, "{}");
                    if number == 3 {
                        counter.store(100, Ordering::Relaxed);
                        return respond.send_reset(Reason::INTERNAL_ERROR);
                    }
                    drop(respond.send_response(http::Response::new(()), true));
                });
            }
        }
    });
    let (_swtpm, _gateway, attested) = before(&url).await;
    assert_eq!(attested.ask(&chat()).await.status(), 200);
    assert_eq!(seen.load(Ordering::Relaxed), 3);
    // Any other end may come behind a run.
    assert_eq!(attested.ask(&chat()).await.code(), "request.upstream_broken");
    assert_eq!(seen.load(Ordering::Relaxed), 100);
}

#[tokio::test]
async fn a_base_path_may_end_with_a_slash() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let raw = Raw::answering(with_length("200 OK", b"{}")).await;
    let gateway = Setup::new(&swtpm, &upstream).with("upstream.url", format!("{}/base/", raw.url)).start().await;
    assert_eq!(Attested::to(&gateway).await.ask(&chat()).await.status(), 200);
}

#[tokio::test]
async fn balancers_may_ask_for_health_as_they_do() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    for version in [Version::Http1, Version::Http2] {
        for (method, length) in [("GET", 15), ("HEAD", 0)] {
            let uri = format!("http://{}/blindllama/v1/health?ts=17", gateway.address);
            let request = http::Request::builder().method(method).uri(uri).header("host", &gateway.address);
            let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
            let response = send(&gateway.address, version, request).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()["content-length"]),
                (200, &"15".parse().unwrap())
            );
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), length, "{method} {version:?}");
        }
    }
}
