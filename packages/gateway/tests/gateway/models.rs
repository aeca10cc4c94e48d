//! The models that clients may see and use (PROTOCOL.md §11.4).

use http::Response;
use serde_json::{Value, json};

use crate::support::client::Attested;
use crate::support::http::Version;
use crate::support::upstream::whole;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream};

async fn started(upstream: &Upstream) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).with("upstream.models", vec!["small", "org/large"]).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

fn chat(content: impl Into<Vec<u8>>) -> Message {
    Message::post("/v1/chat/completions", content)
}

/// A server with this list.
fn listing(status: u16, list: &'static str, field: (&'static str, &'static str)) -> Upstream {
    Upstream::start(move |_| {
        let answer = Response::builder().status(status).header("content-type", "application/json");
        Some(answer.header(field.0, field.1).body(whole(list)).unwrap())
    })
}

#[tokio::test]
async fn no_other_model_is_used_however_it_is_named() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let refused = [
        r#"{"model":"other"}"#,
        r#"{"model":"Small"}"#,
        r#"{"model":"small","model":"other"}"#,
        r#"{"model":"other","model":"small"}"#,
        r#"{"model":"small","m\u006fdel":"other"}"#,
        r#"{"model":"small","Model":"other"}"#,
        r#"{"messages":[]}"#,
        r#"[{"model":"small"}]"#,
        "",
    ];
    for content in refused {
        let answer = attested.ask(&chat(content)).await;
        assert_eq!((answer.status(), answer.code()), (404, "request.model"), "{content}");
    }
    // A server of forms finds another `model` in each of these.
    let form = chat(r#"{"model":"small","x":"&model=other&"}"#);
    let parts = "\r\n--b\r\nContent-Disposition: form-data; name=model\r\n\r\nother\r\n--b--\r\n";
    let parts = chat(format!(r#"{{"model":"small","x":"{parts}"}}"#));
    for message in [
        form.with("content-type", "application/x-www-form-urlencoded"),
        parts.with("content-type", "multipart/form-data; boundary=b"),
    ] {
        assert_eq!(attested.ask(&message).await.code(), "request.model");
    }
    for path in ["/v1/models/other", "/v1/models/SMALL", "/v1/models/org%2Fother"] {
        assert_eq!(attested.ask(&Message::get(path)).await.code(), "request.model", "{path}");
    }
    assert_eq!(upstream.requests(), 0);
    for content in [r#"{"model":"small"}"#, r#"{"messages":[{"model":"other"}],"model":"org\/large"}"#] {
        assert_eq!(attested.ask(&chat(content)).await.status(), 200, "{content}");
    }
    assert_eq!(attested.ask(&Message::get("/v1/models/org%2Flarge")).await.status(), 200);
    let got = upstream.got.lock().unwrap();
    assert_eq!(
        got[1].body.as_deref(),
        Some(&br#"{"messages":[{"model":"other"}],"model":"org\/large"}"#[..]),
        "unchanged"
    );
}

#[tokio::test]
async fn a_long_request_that_names_another_model_at_its_end_never_arrives_as_whole() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let long = "x".repeat(1_000_000);
    for (end, code) in
        [(r#""model":"other"}"#, "request.model"), (r#""last":1}"#, "request.model"), (r#""model":"small"}"#, "")]
    {
        let message = chat(format!(r#"{{"prompt":"{long}",{end}"#)).encode();
        let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        let answer = Answer::read(sealed, response).await;
        if code.is_empty() {
            assert_eq!(answer.status(), 200);
        } else {
            assert_eq!(answer.code(), code, "{end}");
        }
    }
    let got = upstream.got.lock().unwrap();
    assert_eq!(got.iter().filter(|got| got.body.is_some()).count(), 1, "that of the model of the list");
}

#[tokio::test]
async fn the_list_has_the_models_of_the_setting() {
    let all =
        r#"{"object":"list","models":[{"name":"other"}],"data":[{"id":"other"},{"id":"small","meta":{"n_ctx":1}}]}"#;
    let upstream = listing(200, all, ("x-served-by", "vllm"));
    let (_swtpm, gateway, attested) = started(&upstream).await;
    let answer = attested.ask(&Message::get("/v1/models")).await;
    let list: Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(list, json!({"object": "list", "data": [{"id": "small", "meta": {"n_ctx": 1}}]}));
    assert!(!gateway.whole_log().await.text().contains("small"), "no model in the log");
    for status in [203, 206] {
        let upstream = listing(status, all, ("x-a", "b"));
        let (_swtpm, _gateway, attested) = started(&upstream).await;
        let answer = attested.ask(&Message::get("/v1/models").with("range", "bytes=0-")).await;
        assert!(!answer.text().contains("other"), "status {status}");
    }
    let cases = [
        (listing(206, r#"{"data":[{"id":"other"}"#, ("x-a", "b")), 502, "request.upstream_broken"),
        (listing(200, "<html>", ("x-a", "b")), 502, "request.upstream_broken"),
        (listing(200, all, ("content-encoding", "gzip")), 502, "request.upstream_broken"),
    ];
    for (upstream, status, code) in cases {
        let (_swtpm, _gateway, attested) = started(&upstream).await;
        let answer = attested.ask(&Message::get("/v1/models")).await;
        assert_eq!((answer.status(), answer.code()), (status, code));
    }
    let upstream = listing(503, "loading", ("x-a", "b"));
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let answer = attested.ask(&Message::get("/v1/models")).await;
    assert_eq!((answer.status(), answer.text()), (503, "loading"), "the server's own refusal");
}
