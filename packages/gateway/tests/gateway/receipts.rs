//! Receipts: what was asked and answered, signed by a key that the quote covers (PROTOCOL.md §21).

use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::time::sleep;

use crate::support::client::{Attested, Sealed, base64url, random};
use crate::support::http::Version;
use crate::support::receipt::{Exchange, Receipt};
use crate::support::upstream::{Broken, whole};
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream, in_time};

async fn started(upstream: &Upstream) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

/// A message that asks for a receipt, and the salt.
fn asking(message: Message) -> (Message, [u8; 32]) {
    let salt = random();
    let value: &'static str = Box::leak(base64url(&salt).into_boxed_str());
    (message.with("blindllama-receipt", value), salt)
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", r#"{"messages":[]}"#)
}

/// Sends `message` in chunks of `size`; returns the answer with what is needed to check its receipt.
async fn ask(attested: &Attested, message: Message, size: usize, version: Version) -> (Exchange, Answer) {
    let (message, salt) = asking(message);
    let request = message.encode();
    let sealed = attested.seal(&request.chunks(size).collect::<Vec<_>>());
    let response = attested.post(version, sealed.body.clone()).await.unwrap();
    let answer = Answer::read(sealed, response).await;
    (Exchange { salt, request, response: answer.chunks.concat() }, answer)
}

#[tokio::test]
async fn an_answer_ends_with_a_receipt_where_the_request_asks_for_one() {
    let upstream = Upstream::fixed(r#"{"object":"chat.completion"}"#);
    let (_swtpm, gateway, _) = started(&upstream).await;
    for suite in ["x25519-sha256-aes128gcm", "mlkem768x25519-sha256-chacha20poly1305"] {
        let attested = Attested::with(&gateway, &json!([suite])).await;
        for (version, size) in [(Version::Http1, 16_384), (Version::Http2, 50)] {
            let (exchange, answer) = ask(&attested, chat(), size, version).await;
            assert_eq!((answer.status(), answer.text()), (200, r#"{"object":"chat.completion"}"#));
            let receipt = exchange.receipt(&attested).expect("a receipt");
            assert!(receipt.model_digest.is_empty());
        }
        let plain = attested.ask(&chat()).await;
        assert!(plain.message.trailer().is_empty(), "nobody asked");
    }
    let got = upstream.got.lock().unwrap();
    assert_eq!(got.len(), 6);
    assert!(got.iter().all(|request| !request.head.headers.contains_key("blindllama-receipt")));
}

#[tokio::test]
async fn a_receipt_covers_every_byte_of_request_answer_and_salt() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let (exchange, _) = ask(&attested, chat(), 16_384, Version::Http1).await;
    let receipt = exchange.receipt(&attested).unwrap();
    let (request, response) = exchange.signed();
    assert!(receipt.holds(&attested, &exchange.salt, request, response));
    for at in 0..request.len() {
        let mut other = request.to_vec();
        other[at] ^= 1;
        assert!(!receipt.holds(&attested, &exchange.salt, &other, response), "{at}");
    }
    for at in 0..response.len() {
        let mut other = response.to_vec();
        other[at] ^= 1;
        assert!(!receipt.holds(&attested, &exchange.salt, request, &other), "{at}");
    }
    assert!(!receipt.holds(&attested, &[0; 32], request, response));
    let other = Receipt { model_digest: vec![0; 32], ..receipt };
    assert!(!other.holds(&attested, &exchange.salt, request, response));
}

#[tokio::test]
async fn padding_of_request_and_answer_is_not_signed() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let (message, salt) = asking(chat());
    let request = message.encode();
    let padded = [&request[..], &[0; 400]].concat();
    let sealed = attested.seal(&[&padded[..200], &padded[200..500], &padded[500..]]);
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    let answer = Answer::read(sealed, response).await;
    assert_eq!(answer.chunks.concat().len(), 512);
    assert!(Exchange { salt, request, response: answer.chunks.concat() }.receipt(&attested).is_some());
}

#[tokio::test]
async fn a_stream_ends_with_a_receipt_of_what_was_sent_filler_included() {
    for batch_ms in [0, 50] {
        let (events, upstream) = Upstream::events();
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).with("channel.batch_ms", batch_ms).start().await;
        let attested = Attested::to(&gateway).await;
        for event in ["data: 1\n\n", "data: 2\n\ndata: 3", "\n\n", "data: [DONE]\n\n"] {
            events.send(Ok(event)).unwrap();
        }
        drop(events);
        let (exchange, answer) = ask(&attested, chat(), 16_384, Version::Http2).await;
        assert!(answer.text().contains("data: 1\n\n:  ") || batch_ms > 0, "padded");
        assert!(exchange.receipt(&attested).is_some());
    }
}

#[tokio::test]
async fn the_gateways_own_answers_have_receipts_too() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let long = vec![b'x'; 1_000_000];
    for (message, code) in [
        (Message::post("/v1/nothing", "{}"), "request.route"),
        (Message::post("/v1/nothing", long), "request.route"),
        (chat().with("date", "yesterday"), "request.date"),
        (chat().with("idempotency-key", "short"), "request.idempotency_key"),
    ] {
        let (exchange, answer) = ask(&attested, message, 16_384, Version::Http1).await;
        assert_eq!(answer.code(), code);
        assert!(exchange.receipt(&attested).is_some(), "{code}");
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn a_request_that_was_not_read_to_its_end_has_an_answer_without_a_receipt() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.request_bytes", 300_000).start().await;
    let attested = Attested::to(&gateway).await;
    let soiled = {
        let (message, salt) = asking(chat());
        (([message.encode(), vec![0, 1]].concat(), salt), "channel.message")
    };
    let long = {
        let (message, salt) = asking(Message::post("/v1/embeddings", vec![b'x'; 310_000]));
        ((message.encode(), salt), "request.too_large")
    };
    for ((request, salt), code) in [soiled, long] {
        let sealed = attested.seal(&request.chunks(16_384).collect::<Vec<_>>());
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        let answer = Answer::read(sealed, response).await;
        assert_eq!(answer.code(), code);
        assert!(Exchange { salt, request, response: answer.chunks.concat() }.receipt(&attested).is_none());
    }
}

/// The answer of an upstream that reads nothing but the head of a long request, and whether it has a receipt.
async fn early(status: u16) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("model.sock")).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 1024]).await;
                let answer = format!("HTTP/1.1 {status} Early\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
                stream.write_all(answer.as_bytes()).await.unwrap();
                // The rest of the request is never read.
                std::future::pending::<()>().await;
            });
        }
    });
    let swtpm = Swtpm::start().await;
    let url = format!("unix:{}", folder.path().join("model.sock").display());
    let setup = Setup::new(&swtpm, &Upstream::fixed("{}")).with("upstream.url", url);
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    let message = Message::post("/v1/embeddings", vec![b'x'; 20_000_000]);
    let (exchange, answer) = ask(&attested, message, 16_384, Version::Http2).await;
    assert_eq!((answer.status(), answer.text()), (status, "{}"));
    exchange.receipt(&attested).is_some()
}

#[tokio::test]
async fn an_early_answer_of_the_upstream_is_whole_and_has_no_receipt_for_what_was_not_read() {
    assert!(!early(200).await);
}

/// Its rest is read and thrown away, so that the client reads the answer; its hash is known then.
#[tokio::test]
async fn an_early_refusal_of_the_upstream_is_whole_and_has_a_receipt() {
    assert!(early(413).await);
}

#[tokio::test]
async fn a_salt_of_another_form_is_refused_and_nothing_is_run() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let good: &'static str = Box::leak(base64url(&random::<32>()).into_boxed_str());
    for value in ["", "AAAA", &good[1..], Box::leak(format!("{good}=").into_boxed_str())] {
        let answer = attested.ask(&chat().with("blindllama-receipt", value)).await;
        assert_eq!((answer.status(), answer.code()), (400, "receipt.salt"), "{value}");
        assert!(answer.message.trailer().is_empty());
    }
    let mut twice = chat().with("blindllama-receipt", good);
    twice.fields.push(("blindllama-receipt".into(), good.into()));
    assert_eq!(attested.ask(&twice).await.code(), "receipt.salt");
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn the_model_that_the_operator_names_is_signed() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let gateway = Setup::new(&swtpm, &upstream).with("upstream.model_digest", digest).start().await;
    let attested = Attested::to(&gateway).await;
    let (exchange, _) = ask(&attested, chat(), 16_384, Version::Http1).await;
    let receipt = exchange.receipt(&attested).unwrap();
    assert_eq!(blindllama_gateway::hex::hex(&receipt.model_digest), digest);
}

#[tokio::test]
async fn an_upstream_can_write_no_receipt() {
    let upstream = Upstream::start(|_| {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("blindllama-receipt", "forged".parse().unwrap());
        let frames = [Ok::<_, Broken>(Frame::data(Bytes::from_static(b"text"))), Ok(Frame::trailers(trailers))];
        let response =
            http::Response::builder().header("blindllama-receipt", "forged").header("trailer", "blindllama-receipt");
        Some(response.body(StreamBody::new(futures::stream::iter(frames)).boxed_unsync()).unwrap())
    });
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let plain = attested.ask(&chat()).await;
    assert_eq!(plain.field("blindllama-receipt"), None);
    assert!(plain.message.trailer().is_empty());
    let (exchange, answer) = ask(&attested, chat(), 16_384, Version::Http1).await;
    assert_eq!(answer.text(), "text");
    assert!(exchange.receipt(&attested).is_some());
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_no_receipt() {
    for (version, batch_ms) in [(Version::Http1, 0), (Version::Http2, 10)] {
        let (events, upstream) = Upstream::events();
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).with("channel.batch_ms", batch_ms).start().await;
        let attested = Attested::to(&gateway).await;
        let (message, _) = asking(chat());
        let sealed = attested.seal(&[&message.encode()]);
        let response = attested.post(version, sealed.body.clone()).await.unwrap();
        events.send(Ok("data: [DONE]\n\n")).unwrap();
        events.send(Err(Broken)).unwrap();
        let (text, ended) = read_all(&sealed, response).await;
        assert!(!ended && !text.windows(18).any(|part| part == b"blindllama-receipt"));
        gateway.log.wait("request.aborted", 1).await;
    }
}

/// What an answer gave out, and whether it had an end.
async fn read_all(sealed: &Sealed, response: http::Response<hyper::body::Incoming>) -> (Vec<u8>, bool) {
    let mut opener = sealed.opener();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(Ok(frame)) = in_time("a frame or the end", body.frame()).await {
        text.extend(opener.push(frame.data_ref().unwrap()).concat());
    }
    let last = opener.finish();
    let ended = last.is_some();
    text.extend(last.unwrap_or_default());
    (text, ended)
}

#[tokio::test]
async fn an_answer_that_outlives_its_epoch_is_signed_with_the_key_it_was_asked_under() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let setup = Setup::new(&swtpm, &upstream).with("channel.epoch_ms", 6000).with("channel.grace_ms", 4000);
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    let (message, salt) = asking(chat());
    let request = message.encode();
    let sealed = attested.seal(&[&request]);
    let response = attested.post(Version::Http2, sealed.body.clone()).await.unwrap();
    events.send(Ok("data: 1\n\n")).unwrap();
    // What opens nothing is refused for that, until the key is gone.
    let forged = [&attested.header()[..], &random::<100>()].concat();
    let gone = async {
        while attested.refused(forged.clone()).await.code() != "channel.key_unknown" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    in_time("the end of the key", gone).await;
    drop(events);
    let (response, ended) = read_all(&sealed, response).await;
    assert!(ended);
    assert!(Exchange { salt, request, response }.receipt(&attested).is_some());
    let later = Attested::to(&gateway).await;
    assert_ne!(later.receipt_key, attested.receipt_key, "an epoch has a key of its own");
}

#[tokio::test]
async fn long_requests_and_answers_are_hashed_as_they_pass() {
    const PIECE: usize = 65_536;
    const PIECES: usize = 1024;
    let upstream = Upstream::start(|_| {
        let pieces = (0..PIECES).map(|_| Ok::<_, Broken>(Frame::data(Bytes::from_static(&[b'x'; PIECE]))));
        Some(http::Response::new(StreamBody::new(futures::stream::iter(pieces)).boxed_unsync()))
    });
    let (_swtpm, gateway, attested) = started(&upstream).await;
    // What the first request makes the program load counts for nothing.
    assert_eq!(attested.ask(&Message::get("/v1/nothing")).await.status(), 404);
    let before = peak_kib(gateway.pid());
    let message = Message::post("/v1/chat/completions", vec![b'y'; 20_000_000]);
    let (exchange, _) = ask(&attested, message, 16_384, Version::Http1).await;
    assert!(exchange.response.len() > PIECE * PIECES);
    assert!(exchange.receipt(&attested).is_some());
    let grown = peak_kib(gateway.pid()) - before;
    assert!(grown < 16 * 1024, "{grown} KiB for 20 MB in and 64 MiB out");
}

/// Most memory that a process had so far, in KiB (proc(5), `VmHWM`).
fn peak_kib(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_log_holds_neither_salt_nor_receipt() {
    let upstream = Upstream::start(|_| Some(http::Response::new(whole("{}"))));
    let (_swtpm, gateway, attested) = started(&upstream).await;
    let (exchange, _) = ask(&attested, chat().with("authorization", "Bearer SECRET"), 16_384, Version::Http1).await;
    let bad = attested.ask(&chat().with("blindllama-receipt", "SECRET-SALT")).await;
    assert_eq!(bad.code(), "receipt.salt");
    let log = gateway.whole_log().await.text();
    let receipt = exchange.receipt(&attested).unwrap();
    for secret in
        [base64url(&exchange.salt), blindllama_gateway::hex::hex(&exchange.salt), receipt.text, "SECRET".into()]
    {
        assert!(!log.contains(&secret), "{secret}");
    }
    assert!(log.contains("receipt.salt"), "the refusal is counted");
}
