//! The encapsulation: what is opened, what is refused, and how.

use bytes::Bytes;
use http_body_util::Full;

use crate::support::client::{Attested, Sealed};
use crate::support::http::{Version, connect};
use crate::support::{Answer, Message, Setup, Swtpm, Upstream};

async fn started(upstream: &Upstream) -> (Swtpm, crate::support::Gateway) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).start().await;
    (swtpm, gateway)
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", r#"{"model":"m"}"#).with("content-type", "application/json")
}

#[tokio::test]
async fn a_request_reaches_the_model_and_its_answer_comes_back_with_every_suite_over_both_versions_of_http() {
    let upstream = Upstream::fixed(r#"{"object":"chat.completion"}"#);
    let (_swtpm, gateway) = started(&upstream).await;
    let kems = [("x25519", 0x20, 32), ("mlkem768x25519", 0x647a, 1120)];
    let aeads = ["aes128gcm", "aes256gcm", "chacha20poly1305"];
    for ((kem, kem_id, length), (aead, aead_id)) in kems.iter().flat_map(|kem| aeads.iter().zip(1..).map(|a| (*kem, a)))
    {
        let suite = format!("{kem}-sha256-{aead}");
        let attested = Attested::with(&gateway, &serde_json::json!([suite])).await;
        assert_eq!((attested.key.suite.kem_id, attested.key.suite.aead_id), (kem_id, aead_id));
        assert_eq!(attested.seal(&[b""]).body.len(), 7 + length + 17);
        for version in [Version::Http1, Version::Http2] {
            let sealed = attested.seal(&[&chat().encode()]);
            let response = attested.post(version, sealed.body.clone()).await.unwrap();
            let answer = Answer::read(sealed, response).await;
            assert_eq!(
                (answer.status(), answer.text()),
                (200, r#"{"object":"chat.completion"}"#),
                "{suite} {version:?}"
            );
            assert!(answer.field("date").is_some());
        }
    }
    let got = upstream.got.lock().unwrap();
    assert_eq!(got.len(), 12);
    for request in got.iter() {
        assert_eq!((request.head.method.as_str(), request.head.uri.path()), ("POST", "/v1/chat/completions"));
        assert_eq!(request.head.headers["content-type"], "application/json");
        assert_eq!(request.head.headers["content-length"], "13");
        assert_eq!(request.head.headers["accept-encoding"], "identity");
        for ended in ["date", "idempotency-key", "transfer-encoding"] {
            assert!(!request.head.headers.contains_key(ended), "{ended}");
        }
        assert_eq!(request.body.as_deref(), Some(&br#"{"model":"m"}"#[..]));
    }
}

#[tokio::test]
async fn a_client_that_leaves_the_choice_takes_the_hybrid_key() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::with(&gateway, &serde_json::json!(null)).await;
    assert_eq!((attested.key.suite.kem_id, attested.key.suite.aead_id), (0x647a, 1));
    assert_eq!(attested.ask(&chat()).await.status(), 200);
    let classical = Attested::to(&gateway).await;
    assert_ne!(classical.key.key_id, attested.key.key_id);
    assert_eq!(classical.key.epoch_id, attested.key.epoch_id);
}

#[tokio::test]
async fn an_operator_decides_which_keys_are_offered_and_in_which_order() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let any = serde_json::json!(null);
    for (suites, kem_id) in [
        (&["x25519-sha256-aes128gcm", "mlkem768x25519-sha256-aes128gcm"][..], 0x20),
        (&["mlkem768x25519-sha256-aes256gcm"], 0x647a),
    ] {
        let list: Vec<toml::Value> = suites.iter().map(|suite| (*suite).into()).collect();
        let gateway = Setup::new(&swtpm, &upstream).with("channel.suites", list).start().await;
        let attested = Attested::with(&gateway, &any).await;
        assert_eq!(attested.key.suite.kem_id, kem_id);
        assert_eq!(attested.ask(&chat()).await.status(), 200);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_was_sealed_to_one_key_does_not_open_with_the_other() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let hybrid = Attested::with(&gateway, &serde_json::json!(null)).await;
    let classical = Attested::to(&gateway).await;
    for (from, to) in [(&hybrid, &classical), (&classical, &hybrid)] {
        let mut body = from.seal(&[&chat().encode()]).body;
        body[0] = to.key.key_id;
        assert_eq!(from.refused(body.clone()).await.code(), "channel.suite", "a key has one KEM");
        body[..7].copy_from_slice(&to.header());
        body.resize(body.len().max(7 + 1120 + 64), 7);
        let code = from.refused(body).await.code();
        assert!(["channel.decrypt", "channel.chunk_size", "channel.truncated"].contains(&code.as_str()), "{code}");
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn every_part_of_a_hybrid_encapsulated_key_decides() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let hybrid = Attested::with(&gateway, &serde_json::json!(null)).await;
    // ML-KEM's two vectors, and X25519's point.
    for position in [7, 7 + 500, 7 + 959, 7 + 960, 7 + 1087, 7 + 1088, 7 + 1119] {
        let mut body = hybrid.seal(&[&chat().encode()]).body;
        body[position] ^= 1;
        assert_eq!(hybrid.refused(body).await.code(), "channel.decrypt", "{position}");
    }
    for cut in [7, 8, 39, 40, 7 + 1119, 7 + 1120] {
        let body = hybrid.seal(&[&chat().encode()]).body[..cut].to_vec();
        assert_eq!(hybrid.refused(body).await.code(), "channel.truncated", "{cut}");
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let mut connection = connect(&gateway.address).await;
    for round in 0..20 {
        let sealed = attested.seal(&[&chat().encode()]);
        let request = attested.request(Full::new(Bytes::from(sealed.body.clone())));
        let response = connection.send_request(request).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.status(), 200);
        assert!(connection.ready().await.is_ok(), "closed after {round}");
    }
}

#[tokio::test]
async fn a_request_cut_at_any_byte_is_refused_and_never_run() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let message = chat().encode();
    let (first, rest) = message.split_at(40);
    let whole = attested.seal(&[first, rest, b""]).body;
    for cut in 0..whole.len() {
        // A new encapsulation each time: a cut one whose first chunk opened may not come again.
        let body = attested.seal(&[first, rest, b""]).body[..cut].to_vec();
        let refusal = attested.refused(body).await;
        assert_eq!((refusal.status.as_u16(), refusal.code()), (400, "channel.truncated".into()), "cut at {cut}");
    }
    assert_eq!(upstream.requests(), 0);
    // Refused ones are counted too.
    gateway.log.wait("channel.request", whole.len()).await;
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_refused_and_never_run() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let message = chat().encode();
    let (first, rest) = message.split_at(40);
    let length = attested.seal(&[first, rest]).body.len();
    for position in 0..length {
        let mut body = attested.seal(&[first, rest]).body;
        body[position] ^= 0x04;
        let code = attested.refused(body).await.code();
        assert!(code.starts_with("channel."), "{position}: {code}");
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn chunks_arrive_in_any_number_and_order_matters() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    for size in [1, 7, 50] {
        let message = chat().encode();
        let chunks: Vec<&[u8]> = message.chunks(size).collect();
        let sealed = attested.seal(&chunks);
        let response = attested.post(Version::Http2, sealed.body.clone()).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.status(), 200);
    }
    // Two chunks of the same length, swapped.
    let message = chat().encode();
    let body = attested.seal(&[&message[..30], &message[30..60], &message[60..]]).body;
    let (head, rest) = body.split_at(39);
    let swapped = [head, &rest[47..94], &rest[..47], &rest[94..]].concat();
    assert_eq!(attested.refused(swapped).await.code(), "channel.decrypt");
}

#[tokio::test]
async fn the_same_encapsulation_runs_once() {
    for suite in ["x25519-sha256-aes128gcm", "mlkem768x25519-sha256-aes128gcm"] {
        runs_once(suite).await;
    }
}

async fn runs_once(suite: &str) {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::with(&gateway, &serde_json::json!([suite])).await;
    let sealed = attested.seal(&[&chat().encode()]);
    // A forged copy that comes first does not keep the genuine one out.
    let mut forged = sealed.body.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(attested.refused(forged).await.code(), "channel.decrypt");
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    assert_eq!(Answer::read(sealed.clone(), response).await.status(), 200);
    for _ in 0..2 {
        let refusal = attested.refused(sealed.body.clone()).await;
        assert_eq!(refusal.code(), "channel.replayed");
        assert_eq!(refusal.json()["type"], "about:blank");
    }
    assert_eq!(upstream.requests(), 1);
}

#[tokio::test]
async fn a_key_that_the_gateway_does_not_hold_has_its_registered_problem_type() {
    const OHTTP_KEY: &str = "https://iana.org/assignments/http-problem-types#ohttp-key";
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let altered = |position: usize, value: u8| {
        let mut body = attested.seal(&[&chat().encode()]).body;
        body[position] ^= value;
        body
    };
    for (body, code) in [
        (altered(0, 0x55), "channel.key_unknown"),
        (altered(2, 0x01), "channel.suite"),
        (altered(6, 0x10), "channel.suite"),
        // Another suite than it was sealed for, and another encapsulated key.
        (altered(6, 0x03), "channel.decrypt"),
        (altered(10, 0x01), "channel.decrypt"),
    ] {
        let refusal = attested.refused(body).await;
        assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (400, code));
        assert_eq!(refusal.json()["type"], OHTTP_KEY);
    }
    let zero = [&attested.header()[..], &[0; 32], &[0x11; 40]].concat();
    assert_eq!(attested.refused(zero).await.code(), "channel.decrypt", "a low-order point");
}

#[tokio::test]
async fn lengths_that_the_protocol_forbids_are_refused() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let start = attested.seal(&[b"x"]).body[..39].to_vec();
    for length in [&[0x10][..], &[0x01], &[0x80, 0x00, 0x40, 0x11], &[0xff; 8]] {
        let body = [&start, length, &[0; 64]].concat();
        assert_eq!(attested.refused(body).await.code(), "channel.chunk_size", "{length:x?}");
    }
    let long = [&start[..], &[0], &[7; 16_384 + 17]].concat();
    assert_eq!(attested.refused(long).await.code(), "channel.chunk_size");
    // An empty chunk that is not the final one opens correctly and is still no end.
    let empty = attested.seal(&[b"", &chat().encode()]).body;
    assert_eq!(attested.refused(empty).await.code(), "channel.chunk_size");
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn only_the_chunked_media_type_on_the_one_path_of_this_instance_is_served() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, gateway) = started(&upstream).await;
    let attested = Attested::to(&gateway).await;
    let post = |path: String, media_type: &'static str| {
        let Sealed { body, .. } = attested.seal(&[&chat().encode()]);
        let request = http::Request::post(format!("http://{}{path}", gateway.address))
            .header("host", &gateway.address)
            .header("content-type", media_type)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let address = gateway.address.clone();
        async move {
            let response = crate::support::http::send(&address, Version::Http1, request).await.unwrap();
            crate::support::http::Reply::read(response).await.code()
        }
    };
    for media_type in ["message/ohttp-req", "application/octet-stream", "message/ohttp-chunked-req; x=y"] {
        assert_eq!(post(attested.path(), media_type).await, "channel.media_type");
    }
    for path in ["/blindllama/v1/o/other", "/blindllama/v1/o/", "/blindllama/v1/o", "/", "/v1/chat/completions"] {
        assert_eq!(post(path.into(), "message/ohttp-chunked-req").await, "request.not_found", "{path}");
    }
    let query = format!("{}?x=1", attested.path());
    assert_eq!(post(query, "message/ohttp-chunked-req").await, "request.query");
    assert_eq!(upstream.requests(), 0);
}
