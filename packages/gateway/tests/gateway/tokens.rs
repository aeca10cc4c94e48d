//! Limits of API keys in tokens (PROTOCOL.md §11.2).

use blindllama_gateway::digest::sha256;
use blindllama_gateway::hex::hex;
use http::Response;

use crate::support::client::Attested;
use crate::support::upstream::{Body, json, whole};
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream};

const ONE: &str = "Bearer one-key-of-the-service";
const TWO: &str = "Bearer two-key-of-the-service";

async fn started(upstream: &Upstream, limit: &str, tokens: i64) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let keys: Vec<_> = [ONE, TWO].iter().map(|line| hex(&sha256(&line.as_bytes()["Bearer ".len()..]))).collect();
    let gateway = Setup::new(&swtpm, upstream).with("access.keys", keys).with(limit, tokens).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

async fn ask(attested: &Attested, key: &'static str, content: &str) -> Answer {
    attested.ask(&Message::post("/v1/chat/completions", content).with("authorization", key)).await
}

fn events(content: &'static str) -> Response<Body> {
    Response::builder().header("content-type", "text/event-stream").body(whole(content)).unwrap()
}

/// The refusal for the limit `setting`, with when to come back.
fn assert_limit(answer: &Answer, setting: &str) {
    assert_eq!((answer.status(), answer.code()), (429, "access.limit"), "{}", answer.text());
    assert!(answer.text().contains(setting), "{}", answer.text());
    let seconds: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_answer_counts_what_it_states_and_the_next_request_waits() {
    let upstream =
        Upstream::fixed(r#"{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":30,"total_tokens":60}}"#);
    let (_swtpm, gateway, attested) = started(&upstream, "access.tokens_per_minute", 100).await;
    // Estimated by its bytes it would be far beyond the limit.
    let long = format!(r#"{{"messages":"{}"}}"#, "x".repeat(10_000));
    assert_eq!(ask(&attested, ONE, &long).await.status(), 200);
    assert_eq!(ask(&attested, ONE, "{}").await.status(), 200, "60 of 100");
    assert_limit(&ask(&attested, ONE, "{}").await, "access.tokens_per_minute");
    assert_eq!(ask(&attested, TWO, "{}").await.status(), 200, "another key has its own");
    assert_eq!(attested.ask(&Message::get("/v1/models").with("authorization", ONE)).await.code(), "access.limit");
    assert_eq!(upstream.requests(), 3);
    let log = gateway.whole_log().await;
    assert!(!log.text().contains("one-key"), "no key in the log");
}

#[tokio::test]
async fn a_stream_counts_its_last_usage() {
    let upstream = Upstream::start(|_| {
        Some(events(concat!(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":60,\"total_tokens\":100}}\n\n",
            "data: [DONE]\n\n"
        )))
    });
    let (_swtpm, _gateway, attested) = started(&upstream, "access.total_tokens_per_minute", 150).await;
    assert_eq!(ask(&attested, ONE, "{}").await.status(), 200);
    assert_eq!(ask(&attested, TWO, "{}").await.status(), 200, "100 of 150");
    assert_limit(&ask(&attested, ONE, "{}").await, "access.total_tokens_per_minute");
}

#[tokio::test]
async fn a_stream_that_states_nothing_counts_its_events() {
    let upstream = Upstream::start(|_| Some(events("data: {}\n\ndata: {}\n\ndata: {}\n\ndata: [DONE]\n\n")));
    let (_swtpm, _gateway, attested) = started(&upstream, "access.tokens_per_minute", 13).await;
    // Four events, and 2 tokens for 8 bytes: after two requests 12 of 13 are used.
    for _ in 0..3 {
        assert_eq!(ask(&attested, ONE, r#"{"a": 1}"#).await.status(), 200);
    }
    assert_limit(&ask(&attested, ONE, "{}").await, "access.tokens_per_minute");
}

#[tokio::test]
async fn what_was_refused_or_never_ran_costs_nothing() {
    let upstream = Upstream::start(|got| {
        let refused = got.body.as_ref().is_some_and(|body| body.len() > 1000);
        Some(if refused { Response::builder().status(400).body(whole("x".repeat(5000))).unwrap() } else { json("{}") })
    });
    let (_swtpm, _gateway, attested) = started(&upstream, "access.tokens_per_minute", 3).await;
    let long = "x".repeat(2000);
    for _ in 0..3 {
        assert_eq!(ask(&attested, ONE, &long).await.status(), 400);
    }
    assert_eq!(attested.ask(&Message::get("/v1/models").with("authorization", ONE)).await.status(), 200, "no prompt");
    assert_eq!(ask(&attested, ONE, "{}").await.status(), 200);
    assert_eq!(ask(&attested, ONE, "{}").await.status(), 200, "2 of 3: one for the request, one for the answer");
    assert_limit(&ask(&attested, ONE, "{}").await, "access.tokens_per_minute");
}
