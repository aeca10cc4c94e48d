//! An independent implementation on the other side: the crates `ohttp` and `bhttp`, in both directions.

use std::convert::Infallible;
use std::io::Cursor;

use bhttp::{Message, Mode};
use bytes::Bytes;
use futures::channel::mpsc::unbounded;
use futures::{AsyncReadExt, AsyncWriteExt, TryStreamExt};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use ohttp::ClientRequest;

use crate::support::client::{Attested, base64url, http_date, random};
use crate::support::http::{Version, send};
use crate::support::upstream::whole;
use crate::support::{Setup, Swtpm, Upstream};

/// Cuts `bytes` at random places, on average every `size`.
fn pieces(mut bytes: &[u8], size: u16) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let length = 1 + usize::from(u16::from_be_bytes(random()) % (2 * size));
        let (piece, rest) = bytes.split_at(bytes.len().min(length));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Sends `message` with the other implementation, written in pieces and carried in frames of other sizes; returns what it opened.
async fn exchange(attested: &Attested, message: &[u8], version: Version, size: u16) -> Vec<u8> {
    let mut encapsulated = Vec::new();
    let (arrive, arrived) = unbounded::<std::io::Result<Bytes>>();
    let mut answer = {
        let client = ClientRequest::from_encoded_config(&attested.key.key_config).unwrap();
        let mut writer = client.encapsulate_stream(&mut encapsulated).unwrap();
        for piece in pieces(message, size) {
            writer.write_all(piece).await.unwrap();
        }
        writer.close().await.unwrap();
        writer.response(arrived.into_async_read()).unwrap()
    };
    let frames: Vec<_> = pieces(&encapsulated, size)
        .into_iter()
        .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    let request = attested.request(StreamBody::new(futures::stream::iter(frames)));
    let response = send(&attested.address, version, request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    for piece in pieces(&body, size) {
        arrive.unbounded_send(Ok(Bytes::copy_from_slice(piece))).unwrap();
    }
    drop(arrive);
    let mut opened = Vec::new();
    answer.read_to_end(&mut opened).await.unwrap();
    opened
}

#[tokio::test]
async fn the_other_implementation_is_understood_and_understands() {
    understands("x25519-sha256-aes128gcm").await;
}

#[tokio::test]
async fn the_other_implementation_is_understood_and_understands_with_a_hybrid_key() {
    understands("mlkem768x25519-sha256-aes128gcm").await;
}

async fn understands(suite: &str) {
    let text: &'static str = Box::leak("0123456789".repeat(10_000).into_boxed_str());
    let upstream = Upstream::start(move |_| Some(http::Response::new(whole(text))));
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::with(&gateway, &serde_json::json!([suite])).await;
    let mut sent = Vec::new();
    for (version, size, length) in
        [(Version::Http1, 7, 100), (Version::Http2, 500, 100_000), (Version::Http1, 30_000, 700_000)]
    {
        for mode in [Mode::KnownLength, Mode::IndeterminateLength] {
            let path = b"/v1/chat/completions".to_vec();
            let mut message = Message::request(b"POST".to_vec(), b"https".to_vec(), b"ohttp.invalid".to_vec(), path);
            message.put_header("date", http_date(0));
            message.put_header("idempotency-key", base64url(&random::<16>()));
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            message.write_content(&content);
            sent.push(content);
            let mut encoded = Vec::new();
            message.write_bhttp(mode, &mut encoded).unwrap();
            let opened = exchange(&attested, &encoded, version, size).await;
            let answer = Message::read_bhttp(&mut Cursor::new(opened)).unwrap();
            assert_eq!(answer.control().status().unwrap().code(), 200);
            assert!(answer.content() == text.as_bytes(), "{version:?} {size}");
        }
    }
    let got = upstream.got.lock().unwrap();
    assert_eq!(got.len(), sent.len());
    for (request, content) in got.iter().zip(&sent) {
        assert!(request.body.as_deref() == Some(content), "{} bytes", content.len());
    }
    // A long request of known length keeps its length on the way to the model; one of unknown length is chunked.
    let lengths: Vec<_> = got[4..].iter().map(|request| request.head.headers.contains_key("content-length")).collect();
    assert_eq!(lengths, [true, false]);
}
