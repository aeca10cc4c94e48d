//! What is run and what is refused inside the encapsulation (PROTOCOL.md §11; negative cases K1, K2).

use std::time::Duration;

use serde_json::json;

use crate::support::client::{Attested, http_date};
use crate::support::http::Version;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream};

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

async fn started(upstream: &Upstream) -> (Swtpm, Gateway, Attested) {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, upstream).start().await;
    let attested = Attested::to(&gateway).await;
    (swtpm, gateway, attested)
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[tokio::test]
async fn a_date_outside_the_window_is_answered_inside_with_the_gateways_own() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let dates = [-400_000, 400_000].map(|offset| Some(leak(http_date(offset))));
    for date in [dates[0], dates[1], None, Some("yesterday"), Some("Sunday, 06-Nov-94 08:49:37 GMT")] {
        let answer = attested.ask(&chat().with("date", date)).await;
        assert_eq!((answer.status(), answer.code()), (400, "request.date"), "{date:?}");
        let problem: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#date");
        let own = httpdate::parse_http_date(answer.field("date").unwrap()).unwrap();
        assert!(own.elapsed().unwrap() < Duration::from_secs(60));
    }
    assert_eq!(upstream.requests(), 0);
    for offset in [-200_000, 200_000] {
        let date = leak(http_date(offset));
        assert_eq!(attested.ask(&chat().with("date", date)).await.status(), 200);
    }
}

#[tokio::test]
async fn a_request_refused_for_its_date_may_come_again() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let message = chat();
    let late = message.clone().with("date", leak(http_date(-400_000)));
    assert_eq!(attested.ask(&late).await.code(), "request.date");
    assert_eq!(attested.ask(&message).await.status(), 200);
}

#[tokio::test]
async fn an_idempotency_key_runs_once_across_key_epochs() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("channel.epoch_ms", 1500).start().await;
    let first = Attested::to(&gateway).await;
    let message = chat();
    assert_eq!(first.ask(&message).await.status(), 200);
    let refused = first.ask(&message).await;
    assert_eq!((refused.status(), refused.code()), (409, "request.duplicate"));
    assert_eq!(refused.field("x-should-retry"), Some("false"));
    assert!(refused.text().contains("It was answered with status 200"), "{}", refused.text());
    gateway.log.wait("rotation", 1).await;
    let second = Attested::to(&gateway).await;
    assert_ne!(first.key.epoch_id, second.key.epoch_id);
    assert_eq!(second.ask(&message).await.code(), "request.duplicate");
    assert_eq!(upstream.requests(), 1);
}

#[tokio::test]
async fn an_idempotency_key_of_one_visitor_tells_another_nothing() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let message = chat();
    let visitors = [
        message.clone(),
        message.clone().with("authorization", "Bearer a"),
        message.clone().with("authorization", "Bearer b"),
        message.clone().with("x-api-key", "a"),
    ];
    for visitor in &visitors {
        assert_eq!(attested.ask(visitor).await.status(), 200);
    }
    for visitor in &visitors {
        assert_eq!(attested.ask(visitor).await.code(), "request.duplicate");
    }
    assert_eq!(upstream.requests(), visitors.len());
}

#[tokio::test]
async fn a_request_without_a_proper_idempotency_key_is_not_run() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    for key in [None, Some("short"), Some("0123456789012345678901=="), Some("")] {
        let answer = attested.ask(&chat().with("idempotency-key", key)).await;
        assert_eq!((answer.status(), answer.code()), (400, "request.idempotency_key"));
    }
    let mut twice = chat();
    twice.fields.push(("idempotency-key".into(), "0123456789012345678901".into()));
    assert_eq!(attested.ask(&twice).await.code(), "request.idempotency_key");
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn nothing_but_the_configured_routes_can_be_reached() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    for path in [
        "/slots",
        "/metrics",
        "/v1/files",
        "/v1/../slots",
        "/v1/chat/completions/../../../slots",
        "/v1/chat%2Fcompletions",
        "//v1/chat/completions",
        "/v1/chat/completions?x=1",
        "/v1/models/..%2Fslots",
        "/v1/moderations/x",
        "/v1/files/file-1",
        "/v1/audio/speech",
        "/v1/images/generations",
        "/v1/batches",
        "/v1/rerank",
        "/rerank",
        "/v1/score",
        "/tokenize",
        "http://other.example/v1/chat/completions",
        "*",
        "",
    ] {
        let answer = attested.ask(&Message::post(path, "{}")).await;
        assert_eq!((answer.status(), answer.code()), (404, "request.route"), "{path}");
        let problem: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        let told = format!("POST {path} is none of its routes.");
        assert_eq!(problem["detail"], told);
        assert!(problem["error"]["message"].as_str().unwrap().ends_with(&told), "what `openai` shows names it");
    }
    for method in ["GET", "DELETE", "post", "CONNECT", "POST /v1/models HTTP/1.1\r\n"] {
        let message = Message { method: method.into(), ..chat() };
        assert_eq!(attested.ask(&message).await.code(), "request.route", "{method}");
    }
    for path in ["/v1/moderations", "/v1/files", "/v1/files/file-1"] {
        assert_eq!(attested.ask(&Message::get(path)).await.code(), "request.route", "{path}");
    }
    let with_content = Message { content: b"GET /slots HTTP/1.1\r\n\r\n".into(), ..Message::get("/v1/models") };
    assert_eq!(attested.ask(&with_content).await.code(), "request.route", "a GET has no content");
    assert_eq!(upstream.requests(), 0);
    assert_eq!(attested.ask(&Message::get("/v1/models")).await.status(), 200);
    assert_eq!(attested.ask(&Message::get("/v1/models/smollm2")).await.status(), 200);
    assert_eq!(attested.ask(&Message::post("/v1/moderations", "{}")).await.status(), 200);
    let id = "/v1/models/meta-llama%2FLlama-3.1%208B?api-version=1";
    assert_eq!(attested.ask(&Message::get(id)).await.status(), 200);
    assert_eq!(upstream.got.lock().unwrap().last().unwrap().head.uri, id, "as it was spelled");
}

#[tokio::test]
async fn every_route_that_is_configured_is_forwarded_with_its_bytes_as_they_are() {
    let upstream = Upstream::fixed("\0\u{7f}RIFF");
    let swtpm = Swtpm::start().await;
    let routes = [
        "POST /v1/files",
        "GET /v1/files",
        "GET /v1/files/{id}",
        "GET /v1/files/{id}/content",
        "DELETE /v1/files/{id}",
        "POST /v1/batches",
        "GET /v1/batches",
        "GET /v1/batches/{id}",
        "POST /v1/batches/{id}/cancel",
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /v1/audio/translations",
        "POST /v1/images/generations",
        "POST /v1/images/edits",
        "POST /v1/images/variations",
        "POST /v1/rerank",
        "POST /rerank",
        "POST /v1/score",
        "POST /score",
        "POST /tokenize",
        "POST /detokenize",
    ];
    let listed = toml::Value::Array(routes.map(Into::into).into());
    let gateway = Setup::new(&swtpm, &upstream).with("upstream.routes", listed).start().await;
    let attested = Attested::to(&gateway).await;
    let multipart = b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\0\xff\r\n--x--\r\n";
    for route in routes {
        let (method, path) = route.split_once(' ').unwrap();
        let path = format!("{}?api-version=1", path.replace("{id}", "x-1"));
        let mut message = Message { method: method.into(), ..Message::post(&path, "") };
        if method == "POST" {
            message.content = multipart.to_vec();
            message.fields.retain(|(name, _)| name != "content-type");
            message.fields.push(("content-type".into(), "multipart/form-data; boundary=x".into()));
        }
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.text()), (200, "\0\u{7f}RIFF"), "{route}");
        let all = upstream.got.lock().unwrap();
        let got = all.last().unwrap();
        assert_eq!((got.head.method.as_str(), got.head.uri.to_string()), (method, path), "{route}");
        assert_eq!(got.body.as_ref().unwrap(), &message.content, "{route}");
    }
    let with_content = Message { method: "DELETE".into(), ..Message::post("/v1/files/file-1", "{}") };
    assert_eq!(attested.ask(&with_content).await.code(), "request.route", "a DELETE has no content");
    for (method, path) in [
        ("GET", "/v1/files/file-1%2Fcontent"),
        ("GET", "/v1/files/file-1/content/x"),
        ("DELETE", "/v1/files"),
        ("GET", "/v1/audio/speech"),
        ("POST", "/v1/batches/batch-1"),
        ("GET", "/v1/batches/batch-1/cancel"),
    ] {
        let message = Message { method: method.into(), ..Message::post(path, "") };
        assert_eq!(attested.ask(&message).await.code(), "request.route", "{method} {path}");
    }
    assert_eq!(upstream.requests(), routes.len());
}

#[tokio::test]
async fn the_realtime_api_has_a_code_of_its_own() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    for message in [Message::get("/v1/realtime?model=x"), Message::post("/v1/realtime/sessions", "{}")] {
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.code()), (501, "request.realtime"), "{}", message.path);
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn another_authority_or_scheme_is_refused() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    for (scheme, authority) in
        [("http", "ohttp.invalid"), ("https", "other.example"), ("https", ""), ("https", "ohttp.invalid:443"), ("", "")]
    {
        let message = Message { scheme: scheme.into(), authority: authority.into(), ..chat() };
        assert_eq!(attested.ask(&message).await.code(), "request.authority");
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn fields_that_could_smuggle_are_refused_and_fields_that_lead_astray_end_here() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("upstream.api_key", "own-key")
        .with("upstream.fields", toml::Value::Array(vec!["x-session-affinity".into()]))
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    for (name, value) in [
        ("x", "a\r\nhost: evil.example"),
        ("x", "a\nb"),
        ("x", "a\0b"),
        ("x\r\ny", "a"),
        ("X-Upper", "a"),
        (":path", "/slots"),
        ("x", " a"),
    ] {
        let mut message = chat();
        message.fields.push((name.into(), value.into()));
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.code()), (400, "request.field"), "{name:?}: {value:?}");
    }
    assert_eq!(upstream.requests(), 0);

    let mut message = chat();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "worse.example"),
        ("content-length", "1"),
        ("content-length", "2"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("cookie", "a=b"),
        ("x-api-key", "client"),
        ("api-key", "client"),
        ("openai-organization", "org-client"),
        ("x-original-url", "/slots"),
        ("x-http-method-override", "DELETE"),
        ("x-real-ip", "192.0.2.1"),
        ("x-stainless-os", "Linux"),
        ("x-session-affinity", "1"),
        ("openai-beta", "1"),
    ] {
        message.fields.push((name.into(), value.into()));
    }
    assert_eq!(attested.ask(&message).await.status(), 200);
    let got = upstream.got.lock().unwrap();
    let headers = &got[0].head.headers;
    assert_eq!(headers.get_all("host").iter().collect::<Vec<_>>(), ["localhost"]);
    assert_eq!(headers.get_all("content-length").iter().collect::<Vec<_>>(), ["2"]);
    let mut names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let expected = ["accept-encoding", "authorization", "content-length", "host", "openai-beta", "x-session-affinity"];
    assert_eq!(names, expected);
    assert_eq!(headers["authorization"], "Bearer own-key");
}

#[tokio::test]
async fn what_is_not_binary_http_is_refused_inside() {
    let upstream = Upstream::fixed("{}");
    let (_swtpm, _gateway, attested) = started(&upstream).await;
    let whole = chat().encode();
    let soiled = [&whole[..], &[0, 0, 1]].concat();
    // The last one ends within its content, whose length stands before it.
    let cut = &whole[..whole.len() - 3];
    for message in [&b"\x03"[..], b"GET / HTTP/1.1\r\n\r\n", &whole[..20], &soiled, cut] {
        let sealed = attested.seal(&[message]);
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.code(), "channel.message");
    }
    let padded = [chat().encode(), vec![0; 1000]].concat();
    let sealed = attested.seal(&[&padded]);
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    assert_eq!(Answer::read(sealed, response).await.status(), 200, "padding is legal");
    assert_eq!(upstream.requests(), 1);
}

#[tokio::test]
async fn requests_beyond_the_limits_are_refused() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("limits.request_bytes", 400_000)
        .with("limits.field_bytes", 2000)
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    let long_field = chat().with("x", leak("y".repeat(2000)));
    let answer = attested.ask(&long_field).await;
    assert_eq!((answer.status(), answer.code()), (413, "request.too_large"));
    for (content, status) in [(399_000, 200), (400_000, 413)] {
        let message = Message::post("/v1/embeddings", vec![b'x'; content]).encode();
        let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.status(), status, "{content}");
    }
    for (padding, status) in [(50_000, 200), (60_000, 413)] {
        let message = [Message::post("/v1/embeddings", vec![b'x'; 399_000]).encode(), vec![0; padding]].concat();
        let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
        let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
        assert_eq!(Answer::read(sealed, response).await.status(), status, "{padding} bytes of padding");
    }
    let refusal = attested.refused(vec![0; 900_000]).await;
    assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (413, "request.too_large"));
}

#[tokio::test]
async fn more_streams_than_configured_are_refused_outside() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.streams", 1).start().await;
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&chat().encode()]);
    let open = attested.post(Version::Http1, sealed.body).await.unwrap();
    let refusal = attested.refused(attested.seal(&[&chat().encode()]).body).await;
    assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (503, "channel.busy"));
    assert!(refusal.headers.contains_key("retry-after"));
    drop((open, events));
    gateway.log.wait("request.aborted", 1).await;
    // The line is written just before the place is free.
    let refused = async {
        loop {
            let answer = attested.post(Version::Http1, attested.seal(&[&chat().encode()]).body).await.unwrap();
            assert_eq!(answer.status(), 503, "this upstream answers one request only");
        }
    };
    tokio::select! {
        () = refused => {}
        () = upstream.came(2) => {}
    }
}

#[tokio::test]
async fn what_the_upstream_does_wrong_is_told_inside() {
    let redirect = Upstream::start(|_| {
        Some(
            http::Response::builder()
                .status(307)
                .header("location", "http://other.example/")
                .body(crate::support::upstream::whole(""))
                .unwrap(),
        )
    });
    let (_swtpm, _gateway, attested) = started(&redirect).await;
    let answer = attested.ask(&chat()).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_redirect"));
    assert_eq!(redirect.requests(), 1, "not followed");

    let swtpm = Swtpm::start().await;
    let gone = Setup::new(&swtpm, &redirect).with("upstream.url", "unix:/nowhere/model.sock").start().await;
    let answer = Attested::to(&gone).await.ask(&chat()).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Behind the request: a connection that speaks first is given up before it, and nothing was sent.
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-nothing\r\n").await;
        }
    });
    let swtpm = Swtpm::start().await;
    let other = Setup::new(&swtpm, &redirect).with("upstream.url", url).start().await;
    let answer = Attested::to(&other).await.ask(&chat()).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_broken"));
}

#[tokio::test]
async fn an_upstream_error_passes_as_it_is_and_cannot_pass_for_the_gateways() {
    let upstream = Upstream::start(|_| {
        let response = http::Response::builder().status(429).header("blindllama-code", "request.duplicate");
        let response = response.header("retry-after", "7").header("set-cookie", "a=b");
        Some(response.body(crate::support::upstream::whole(r#"{"error":{"message":"slow down"}}"#)).unwrap())
    });
    let (_swtpm, gateway, attested) = started(&upstream).await;
    let answer = attested.ask(&chat()).await;
    assert_eq!((answer.status(), answer.text()), (429, r#"{"error":{"message":"slow down"}}"#));
    assert_eq!(answer.field("retry-after"), Some("7"));
    assert_eq!((answer.field("blindllama-code"), answer.field("set-cookie")), (None, None));
    assert_eq!(gateway.log.wait("request", 1).await["status"], "4xx");
}

#[tokio::test]
async fn the_gateways_own_key_replaces_the_clients() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let own = Setup::new(&swtpm, &upstream).with("upstream.api_key", "own-key").start().await;
    let message = chat().with("authorization", "Bearer client-key");
    assert_eq!(Attested::to(&own).await.ask(&message).await.status(), 200);
    own.stop().await;
    let passing = Setup::new(&swtpm, &upstream).start().await;
    assert_eq!(Attested::to(&passing).await.ask(&message).await.status(), 200);
    let got = upstream.got.lock().unwrap();
    let sent: Vec<_> = got.iter().map(|request| request.head.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer own-key", "Bearer client-key"]);
}

#[tokio::test]
async fn the_log_holds_numbers_and_codes_and_nothing_of_a_request() {
    let upstream = Upstream::fixed(r#"{"answer":"SECRET-ANSWER"}"#);
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("upstream.api_key", "SECRET-KEY").start().await;
    let attested = Attested::to(&gateway).await;
    let content = json!({ "model": "SECRET-MODEL", "prompt": "SECRET-PROMPT" }).to_string();
    let message = Message::post("/v1/chat/completions", content).with("authorization", "Bearer SECRET-CLIENT");
    assert_eq!(attested.ask(&message).await.status(), 200);
    assert_eq!(attested.ask(&Message::post("/SECRET-PATH", "{}")).await.code(), "request.route");
    let line = gateway.log.wait("request", 2).await;
    assert_eq!((&line["level"], &line["status"]), (&"info".into(), &"4xx".into()));
    assert!(line["received"].as_u64().unwrap() > 100 && line["sent"].as_u64().unwrap() > 100);
    let whole = gateway.whole_log().await;
    let log = whole.text();
    assert!(!log.contains("SECRET") && !log.contains("/v1/"), "{log}");
    let start = log.lines().filter(|line| !line.contains("\"start\"")).collect::<String>();
    assert!(!start.contains("127.0.0.1"), "no addresses but the gateway's own");
    assert_eq!(whole.count("channel.request"), 2);
}
