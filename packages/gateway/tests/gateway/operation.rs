//! Documents that an operator sends while the gateway runs (PROTOCOL.md §26).

use std::time::Duration;

use blindllama_gateway::base64url::encode;
use blindllama_gateway::digest::sha256;
use blindllama_gateway::hex::hex;
use blindllama_verifier::evidence::bundle::{Bundle, Static};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::client::{Attested, Evidence, now_ms};
use crate::support::http::{begun, get, read_some, request};
use crate::support::operator::{Operator, PATH, challenge, post, release, status};
use crate::support::program::AUDIENCE;
use crate::support::{Gateway, Message, Setup, Swtpm, Upstream, in_time};

fn setup(swtpm: &Swtpm, operator: &Operator) -> Setup {
    Setup::new(swtpm, &Upstream::fixed("{}")).with("operator.keys", vec![operator.key()])
}

fn hash(key: &str) -> String {
    hex(&sha256(key.as_bytes()))
}

/// Payloads of the manifest and of the status that clients get.
async fn shown(gateway: &Gateway) -> (Option<String>, Option<String>) {
    let evidence = Evidence::of(gateway).await;
    let bundle = Bundle::decode(&evidence.bundle).unwrap();
    let part = Static::decode(bundle.static_part.unwrap()).unwrap();
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    (part.release.map(|release| text(release.manifest.payload)), part.status.map(|status| text(status.payload)))
}

async fn until_shown(gateway: &Gateway, version: Option<u64>, date: Option<u64>) {
    let expected =
        (version.map(|version| format!("{{\"version\":{version}}}")), date.map(|date| format!("{{\"date\":{date}}}")));
    let reached = async {
        while shown(gateway).await != expected {
            sleep(Duration::from_millis(50)).await;
        }
    };
    in_time("the documents in the evidence", reached).await;
}

#[tokio::test]
async fn release_and_status_are_shown_from_then_on_and_never_an_older_one() {
    let (swtpm, operator, folder) = (Swtpm::start().await, Operator::new(1), tempfile::tempdir().unwrap());
    let now = now_ms();
    let file = folder.path().join("status.cbor");
    std::fs::write(&file, status(now - 5000)).unwrap();
    let gateway = setup(&swtpm, &operator).with("attestation.status", file.display().to_string()).start().await;
    until_shown(&gateway, None, Some(now - 5000)).await;
    let push = async |documents: Value| {
        let reply = operator.push(&gateway, &documents).await;
        let code = if reply.status == 200 { String::new() } else { reply.code() };
        (reply.status.as_u16(), code, reply.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    let done = (200, String::new(), String::new());
    let both = json!({ "version": 1, "release": encode(&release(7)), "status": encode(&status(now - 4000)) });
    assert_eq!(push(both.clone()).await, done, "{}", gateway.log.text());
    until_shown(&gateway, Some(7), Some(now - 4000)).await;
    assert_eq!(push(both).await, done, "the same again");
    let operated = gateway.log.wait("operated", 1).await;
    assert_eq!((&operated["operator"], &operated["release_version"]), (&json!(operator.key()), &json!(7)));

    for (documents, status_code, code, detail) in [
        (json!({ "status": encode(&status(now - 4001)) }), 409, "operate.older", "status: its date is"),
        (json!({ "release": encode(&release(6)) }), 409, "operate.older", "release: its version is 6, and 7 is shown"),
        // All of it or nothing.
        (json!({ "status": encode(&status(now)), "release": encode(&release(6)) }), 409, "operate.older", "release"),
        (json!({ "release": encode(&release(8)), "status": "AA" }), 400, "operate.document", "status: not what"),
        (json!({ "release": encode(&status(now)) }), 400, "operate.document", "release: not what"),
        // Signed by the same operator for another service, which gave out this gateway's challenge.
        (
            json!({ "release": encode(&release(8)), "audience": "https://other.example" }),
            400,
            "operate.document",
            "audience: it is none of this gateway",
        ),
        (json!({ "status": encode(&status(now + 400_000)) }), 400, "operate.document", "status: its date"),
        (
            json!({ "release": encode(&release(8)), "accessKeys": [hash("a")] }),
            400,
            "operate.document",
            "accessKeys: the configuration names no access.keys",
        ),
    ] {
        let mut documents = documents;
        documents["version"] = 1.into();
        let (got_status, got_code, got_detail) = push(documents).await;
        assert_eq!((got_status, got_code.as_str()), (status_code, code), "{detail}: {got_detail}");
        assert!(got_detail.starts_with(detail), "{detail}: {got_detail}");
    }
    assert_eq!(gateway.log.count("operated"), 2);
    until_shown(&gateway, Some(7), Some(now - 4000)).await;

    // A file that becomes newer than what arrived is shown, and cannot be replaced by an older document either.
    std::fs::write(&file, status(now - 3000)).unwrap();
    until_shown(&gateway, Some(7), Some(now - 3000)).await;
    let between = push(json!({ "version": 1, "status": encode(&status(now - 3500)) })).await;
    assert_eq!(between.1, "operate.older");
    gateway.stop().await;
    let again = setup(&swtpm, &operator).with("attestation.status", file.display().to_string()).start().await;
    assert_eq!(shown(&again).await, (None, Some(format!("{{\"date\":{}}}", now - 3000))), "what arrived is gone");
}

/// The host writes the files of an image, and signs nothing (§24.7).
#[tokio::test]
async fn a_file_that_no_client_accepts_keeps_out_nothing_that_an_operator_sends() {
    let (swtpm, operator, folder) = (Swtpm::start().await, Operator::new(1), tempfile::tempdir().unwrap());
    let [release_file, status_file] = ["release.cbor", "status.cbor"].map(|name| folder.path().join(name));
    let (beyond, future) = (1 << 53, now_ms() + 3_600_000);
    std::fs::write(&release_file, release(beyond)).unwrap();
    std::fs::write(&status_file, status(future)).unwrap();
    let setup = setup(&swtpm, &operator).with("attestation.release", release_file.display().to_string());
    let gateway = setup.with("attestation.status", status_file.display().to_string()).start().await;
    until_shown(&gateway, Some(beyond), Some(future)).await;
    let date = now_ms();
    let both = json!({ "version": 1, "release": encode(&release(7)), "status": encode(&status(date)) });
    assert_eq!(operator.push(&gateway, &both).await.status.as_u16(), 200, "{}", gateway.log.text());
    until_shown(&gateway, Some(7), Some(date)).await;
    // A version that a release may have is shown while the file has it, and forgotten with it.
    std::fs::write(&release_file, release(beyond - 1)).unwrap();
    until_shown(&gateway, Some(beyond - 1), Some(date)).await;
    std::fs::write(&release_file, release(6)).unwrap();
    until_shown(&gateway, Some(7), Some(date)).await;
    let next = json!({ "version": 1, "release": encode(&release(8)) });
    assert_eq!(operator.push(&gateway, &next).await.status.as_u16(), 200, "{}", gateway.log.text());
}

#[tokio::test]
async fn strangers_and_repetitions_are_refused_before_the_content_is_read() {
    let (swtpm, operator, stranger) = (Swtpm::start().await, Operator::new(1), Operator::new(2));
    let gateway = setup(&swtpm, &operator).start().await;
    let content = json!({ "version": 1, "audience": AUDIENCE, "status": encode(&status(now_ms())) }).to_string();
    let used = challenge(&gateway).await;
    let good = operator.field(&used, content.as_bytes());
    assert_eq!(post(&gateway, &good, content.clone()).await.status, 200);
    let fresh = challenge(&gateway).await;
    assert_ne!(fresh, used);
    let mut exchanged = blindllama_gateway::base64url::decode(operator.field(&used, b"").as_bytes()).unwrap();
    exchanged[..32].copy_from_slice(&fresh);
    for (field, content, expected, code) in [
        (good, content.clone(), 403, "operate.challenge"),
        (operator.field(&[0; 32], content.as_bytes()), content.clone(), 403, "operate.challenge"),
        (stranger.field(&fresh, content.as_bytes()), content.clone(), 403, "operate.refused"),
        (encode(&exchanged), content.clone(), 403, "operate.refused"),
        ("AAAA".into(), content.clone(), 400, "operate.request"),
        // As much as content may have, of which nothing is kept.
        (stranger.field(&fresh, b""), " ".repeat(1 << 20), 403, "operate.refused"),
    ] {
        let reply = post(&gateway, &field, content).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (expected, code));
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
    assert_eq!(challenge(&gateway).await, fresh, "strangers used nothing up");
    assert_eq!(gateway.log.count("operation.refused"), 0, "strangers fill no log");
    let empty = json!({ "version": 1, "audience": AUDIENCE, "accessKeys": [] }).to_string();
    // Signed, and still not what was signed for, too large, or of no form.
    for (signed, sent) in [
        (content.clone(), content.replacen('1', "2", 1)),
        (" ".repeat((1 << 20) + 1), " ".repeat((1 << 20) + 1)),
        ("{}".into(), "{}".into()),
        (empty.clone(), empty),
    ] {
        let field = operator.field(&challenge(&gateway).await, signed.as_bytes());
        let reply = post(&gateway, &field, sent).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "operate.request"));
    }
    // One and four were admitted.
    for _ in 5..20 {
        assert_eq!(operator.push(&gateway, &json!({})).await.code(), "operate.request");
    }
    let counted = operator.push(&gateway, &json!({})).await;
    assert_eq!((counted.status.as_u16(), counted.code().as_str()), (503, "operate.busy"), "20 within a minute");
}

#[tokio::test]
async fn no_page_and_nobody_without_a_setting_is_let_in() {
    let (swtpm, operator) = (Swtpm::start().await, Operator::new(1));
    let gateway = setup(&swtpm, &operator).with("cors.origins", vec!["*"]).start().await;
    for (method, status, code) in [("OPTIONS", 405, "request.method"), ("GET", 200, "")] {
        let builder = http::Request::builder().method(method).uri(format!("http://{}{PATH}", gateway.address));
        let reply = request(&gateway.address, builder.header("origin", "https://chat.example")).await;
        assert_eq!(reply.status, status);
        assert!(code.is_empty() || reply.code() == code);
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{:?}", reply.headers);
    }
    let queried = get(&gateway.address, &format!("{PATH}?x=1")).await;
    assert_eq!((queried.status.as_u16(), queried.code().as_str()), (400, "request.query"));
    gateway.stop().await;
    let gateway = Setup::new(&swtpm, &Upstream::fixed("{}")).start().await;
    assert_eq!(get(&gateway.address, PATH).await.code(), "request.not_found");
    assert_eq!(post(&gateway, "AA", "{}").await.code(), "request.not_found");
}

#[tokio::test]
async fn api_keys_rotate_under_load_and_those_that_stay_keep_their_counts() {
    let (swtpm, operator) = (Swtpm::start().await, Operator::new(1));
    let (events, upstream) = Upstream::events_then("{}");
    let gateway = Setup::new(&swtpm, &upstream)
        .with("operator.keys", vec![operator.key()])
        .with("access.keys", vec![hash("old"), hash("stays")])
        .with("access.requests_per_minute", 2)
        .start()
        .await;
    let attested = Attested::to(&gateway).await;
    let ask = async |line: &'static str| {
        let answer = attested.ask(&Message::post("/v1/chat/completions", "{}").with("authorization", line)).await;
        (answer.status(), if answer.status() == 200 { String::new() } else { answer.code().to_owned() })
    };
    let answered = (200, String::new());
    let open = ask("Bearer old");
    tokio::pin!(open);
    let rotation = async {
        upstream.came(1).await;
        assert_eq!(ask("Bearer stays").await, answered);
        let keys = json!({ "version": 1, "accessKeys": [hash("new"), hash("stays")] });
        assert_eq!(operator.push(&gateway, &keys).await.status, 200, "{}", gateway.log.text());
        // At once: the next request already is judged by the new list.
        assert_eq!(ask("Bearer old").await, (401, "access.key".into()));
        assert_eq!(ask("Bearer new").await, answered);
        assert_eq!(ask("Bearer stays").await, answered);
        assert_eq!(ask("Bearer stays").await, (429, "access.limit".into()), "it kept its count");
        // No list is no gateway for everybody.
        let none = operator.push(&gateway, &json!({ "version": 1, "accessKeys": [] })).await;
        assert_eq!(none.code(), "operate.request");
        assert_eq!(ask("Bearer another").await.1, "access.key");
        drop(events);
    };
    let (opened, ()) = tokio::join!(&mut open, rotation);
    assert_eq!(opened, answered, "the answer that was open went on");
    let log = gateway.whole_log().await;
    assert_eq!(log.named("operated")[0]["access_keys"], 2);
    assert!(!log.text().contains(&hash("new")), "no hash in the log");
}

/// Whatever a stranger sends is thrown away for two seconds at most, and sooner where others begin.
#[tokio::test]
async fn strangers_that_do_not_come_to_their_end_make_room_for_those_that_begin() {
    let (swtpm, operator) = (Swtpm::start().await, Operator::new(1));
    let gateway = setup(&swtpm, &operator).start().await;
    let mut took = Vec::new();
    // Without newcomers no round is shorter than two seconds; on a busy machine one with them may be longer.
    while took.iter().all(|round| *round >= Duration::from_secs(2)) {
        assert!(took.len() < 10, "{took:?}");
        let start = Instant::now();
        let mut first = begun(&gateway.address, PATH, 64).await;
        sleep(Duration::from_millis(1100)).await;
        let _second = begun(&gateway.address, PATH, 64).await;
        for stranger in &mut first {
            let answer = in_time("the answer to a stranger", read_some(stranger)).await;
            assert!(answer.contains("operate.request"), "{answer}");
        }
        took.push(start.elapsed());
    }
}
