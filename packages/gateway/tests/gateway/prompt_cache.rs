//! What the model server gets so that no visitor's prompt makes another's answer faster (PROTOCOL.md §11.1).

use serde_json::{Value, json};

use crate::support::client::{Attested, Evidence, base64url, policy, random};
use crate::support::http::Version;
use crate::support::receipt::Exchange;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream};

/// Those that `off` allows.
const ROUTES: [&str; 4] = ["POST /v1/chat/completions", "POST /v1/responses", "POST /v1/files", "GET /v1/files/{id}"];

async fn started(upstream: &Upstream, barrier: &str) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let mut routes: Vec<toml::Value> = ROUTES.map(Into::into).into();
    if barrier != "off" {
        routes.push("POST /v1/moderations".into());
    }
    let setup = Setup::new(&swtpm, upstream).with("upstream.prompt_cache", barrier).with("upstream.routes", routes);
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

fn chat(content: impl Into<Vec<u8>>) -> Message {
    Message::post("/v1/chat/completions", content)
}

/// Sends a message of any length.
async fn ask(attested: &Attested, message: &Message) -> Answer {
    let message = message.encode();
    let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    Answer::read(sealed, response).await
}

/// What the model server got last, with the length that was announced.
fn last(upstream: &Upstream) -> (Value, Option<String>) {
    let got = upstream.got.lock().unwrap();
    let got = got.last().unwrap();
    let length = got.head.headers.get("content-length").map(|length| length.to_str().unwrap().to_owned());
    (serde_json::from_slice(got.body.as_deref().unwrap()).unwrap(), length)
}

#[tokio::test]
async fn every_prompt_gets_a_salt_of_its_own() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "salted").await;
    let mut salts = Vec::new();
    for message in [
        chat(r#"{"messages":[]}"#),
        chat(r#"{"messages":[]}"#),
        chat(r#"{"cache_salt":"chosen to meet another visitor's","messages":[]}"#),
        Message::post("/v1/responses", r#"{"messages":[]}"#),
        Message::post("/v1/moderations", r#"{"messages":[]}"#),
    ] {
        assert_eq!(attested.ask(&message).await.status(), 200);
        let (body, length) = last(&upstream);
        assert_eq!(body["messages"], json!([]));
        let salt = body["cache_salt"].as_str().unwrap().to_owned();
        assert_eq!(salt.len(), 43, "256 bits");
        salts.push(salt);
        let got = upstream.got.lock().unwrap();
        assert_eq!(length, Some(got.last().unwrap().body.as_ref().unwrap().len().to_string()));
    }
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 5);
}

#[tokio::test]
async fn a_long_prompt_gets_its_salt_as_it_streams_by() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "salted").await;
    let long = "x".repeat(1_000_000);
    for text in [
        format!(r#"{{"prompt":"{long}"}}"#),
        format!(r#"{{"prompt":"{long}","cache_salt":"mine"}}"#),
        format!(r#"{{"prompt":"{long}","cache_salt":"{long}","last":1}}"#),
    ] {
        assert_eq!(ask(&attested, &chat(text)).await.status(), 200);
        let (body, length) = last(&upstream);
        assert_eq!(body["prompt"].as_str().unwrap().len(), long.len());
        assert_eq!(body["cache_salt"].as_str().unwrap().len(), 43);
        assert_eq!(length, None, "it is not known before the end");
    }
}

#[tokio::test]
async fn a_prompt_without_a_salt_never_reaches_the_model_server_as_whole() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "salted").await;
    for content in [&b"[]"[..], b"", b"{}{}", b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\x00", b"{\"prompt\":1"] {
        let answer = attested.ask(&chat(content)).await;
        assert_eq!((answer.status(), answer.code()), (400, "request.prompt_cache"), "{content:?}");
    }
    assert_eq!(upstream.requests(), 0);
    let long = format!(r#"{{"prompt":"{}"#, "x".repeat(1_000_000));
    for end in [r#""}{"prompt":1}"#, "\"", ""] {
        let message = chat(format!("{long}{end}"));
        let answer = ask(&attested, &message).await;
        assert_eq!((answer.status(), answer.code()), (400, "request.prompt_cache"), "{end}");
        assert!(upstream.got.lock().unwrap().iter().all(|request| request.body.is_none()));
        assert_eq!(ask(&attested, &message).await.code(), "request.prompt_cache", "its key was given back");
    }
}

#[tokio::test]
async fn what_is_no_prompt_is_passed_on_as_it_is() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "salted").await;
    assert_eq!(attested.ask(&Message::post("/v1/files", "--boundary")).await.status(), 200);
    assert_eq!(upstream.got.lock().unwrap()[0].body.as_deref(), Some(&b"--boundary"[..]));
    assert_eq!(attested.ask(&Message::get("/v1/files/file-1")).await.status(), 200);
    assert_eq!(upstream.got.lock().unwrap()[1].body.as_deref(), Some(&b""[..]));
    for path in ["/v1/files/file-1/content", "/v1/files/file-1%2Fcontent"] {
        assert_eq!(attested.ask(&Message::get(path)).await.code(), "request.route", "{path}");
    }
}

#[tokio::test]
async fn llama_cpp_is_told_to_use_nothing_again() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "off").await;
    for text in [r#"{"messages":[]}"#, r#"{"messages":[],"cache_prompt":true}"#] {
        assert_eq!(attested.ask(&chat(text)).await.status(), 200);
        assert_eq!(last(&upstream).0, json!({ "messages": [], "cache_prompt": false }));
    }
}

#[tokio::test]
async fn the_claims_say_what_is_done_and_nothing_is_done_where_they_say_nothing() {
    for (barrier, claimed) in [("shared", "shared"), ("salted", "salted"), ("off", "none"), ("none", "none")] {
        let upstream = Upstream::fixed("{}");
        let (_swtpm, gateway, attested) = started(&upstream, barrier).await;
        let verdict = Evidence::of(&gateway).await.verify(&policy(&gateway));
        let report: Value = serde_json::from_str(&verdict.to_json()).unwrap();
        assert_eq!(report["claims"]["promptCache"], claimed, "{report}");
        let step = report["steps"].as_array().unwrap().iter().find(|step| step["id"] == "claims.upstream").unwrap();
        let warns = if barrier == "shared" { "claims.prompt_cache" } else { "ok" };
        assert_eq!(step["code"], warns, "{barrier}");
        if matches!(barrier, "shared" | "none") {
            assert_eq!(attested.ask(&chat("as it is")).await.status(), 200);
            assert_eq!(upstream.got.lock().unwrap()[0].body.as_deref(), Some(&b"as it is"[..]));
        }
    }
}

/// The salt is the gateway's: the receipt covers what the client sent.
#[tokio::test]
async fn a_receipt_covers_the_request_without_the_salt() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream, "salted").await;
    let salt: [u8; 32] = random();
    let value: &'static str = Box::leak(base64url(&salt).into_boxed_str());
    let request = chat(r#"{"messages":[]}"#).with("blindllama-receipt", value).encode();
    let sealed = attested.seal(&[&request]);
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    let answer = Answer::read(sealed, response).await;
    assert!(Exchange { salt, request, response: answer.chunks.concat() }.receipt(&attested).is_some());
}
