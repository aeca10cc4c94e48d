//! Requests longer than what is gathered before it leaves for the model server: whole, or never as if they were.

use crate::support::client::{Attested, base64url, http_date, random};
use crate::support::http::Version;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream};

async fn started(upstream: &Upstream) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

#[tokio::test]
async fn a_long_request_arrives_whole() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let message = Message::post("/v1/chat/completions", content.clone()).encode();
    for version in [Version::Http1, Version::Http2] {
        // Another idempotency key in bytes that are otherwise the same.
        let message = Message::post("/v1/chat/completions", content.clone()).encode();
        let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
        let response = attested.post(version, sealed.body.clone()).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.status(), 200);
    }
    assert!(message.len() > content.len());
    let got = upstream.got.lock().unwrap();
    assert!(got.len() == 2 && got.iter().all(|request| request.body.as_deref() == Some(&content[..])));
}

#[tokio::test]
async fn a_long_request_that_breaks_off_never_reaches_the_model_as_whole() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let message = Message::post("/v1/chat/completions", vec![b'x'; 2_000_000]).encode();
    let body = attested.seal(&message.chunks(16_384).collect::<Vec<_>>()).body;
    let mut altered = body.clone();
    altered[1_900_000] ^= 1;
    assert_eq!(attested.refused(altered).await.code(), "channel.decrypt");

    let message = Message::post("/v1/chat/completions", vec![b'x'; 2_000_000]).encode();
    let body = attested.seal(&message.chunks(16_384).collect::<Vec<_>>()).body;
    assert_eq!(attested.refused(body[..1_900_000].to_vec()).await.code(), "channel.truncated");
    upstream.came(2).await;
    assert!(upstream.got.lock().unwrap().iter().all(|request| request.body.is_none()));
}

/// A sender stops asking for content once the announced length is there: the last piece must not leave before the end behind it.
#[tokio::test]
async fn the_last_piece_of_a_long_request_of_known_length_waits_for_the_authenticated_end() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let content = vec![b'x'; 600_000];
    let sealed = |content: &[u8]| {
        let path = b"/v1/chat/completions".to_vec();
        let mut message = bhttp::Message::request(b"POST".to_vec(), b"https".to_vec(), b"ohttp.invalid".to_vec(), path);
        message.put_header("date", http_date(0));
        message.put_header("idempotency-key", base64url(&random::<16>()));
        message.write_content(content);
        let mut encoded = Vec::new();
        message.write_bhttp(bhttp::Mode::KnownLength, &mut encoded).unwrap();
        // The whole message is in chunks before the final one.
        let chunks: Vec<&[u8]> = encoded.chunks(16_384).chain([&b""[..]]).collect();
        attested.seal(&chunks)
    };
    let cut = sealed(&content).body;
    assert_eq!(attested.refused(cut[..cut.len() - 17].to_vec()).await.code(), "channel.truncated");
    let mut altered = sealed(&content).body;
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(attested.refused(altered).await.code(), "channel.decrypt");
    upstream.came(2).await;
    assert!(upstream.got.lock().unwrap().iter().all(|request| request.body.is_none()), "no whole request");
    let whole = sealed(&content);
    let response = attested.post(Version::Http1, whole.body.clone()).await.unwrap();
    assert_eq!(Answer::read(whole, response).await.status(), 200);
    let got = upstream.got.lock().unwrap();
    assert!(got[2].body.as_deref() == Some(&content[..]) && got[2].head.headers["content-length"] == "600000");
}
