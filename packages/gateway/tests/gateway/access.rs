//! API keys of a gateway of its own (PROTOCOL.md §11.2).

use blindllama_gateway::digest::sha256;
use blindllama_gateway::hex::hex;

use crate::support::client::Attested;
use crate::support::{Message, Setup, Swtpm, Upstream};

const ONE: &str = "Bearer one-key-of-the-service";
const TWO: &str = "Bearer two-key-of-the-service";

fn setup(swtpm: &Swtpm, upstream: &Upstream) -> Setup {
    let keys: Vec<_> = [ONE, TWO].iter().map(|line| hex(&sha256(&line.as_bytes()["Bearer ".len()..]))).collect();
    Setup::new(swtpm, upstream).with("access.keys", keys)
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

#[tokio::test]
async fn a_request_without_a_key_of_the_service_is_refused_inside_and_never_run() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let gateway = setup(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    for line in [None, Some("Bearer another"), Some("Basic one-key-of-the-service"), Some("Bearer")] {
        let answer = attested.ask(&chat().with("authorization", line)).await;
        assert_eq!((answer.status(), answer.code()), (401, "access.key"), "{line:?}");
    }
    assert_eq!(attested.ask(&Message::get("/v1/models")).await.code(), "access.key");
    assert_eq!(upstream.requests(), 0);
    assert_eq!(attested.ask(&chat().with("authorization", ONE)).await.status(), 200);
    let log = gateway.whole_log().await;
    assert!(!log.text().contains("one-key-of-the-service") && !log.text().contains("another"), "no key in the log");
}

#[tokio::test]
async fn the_model_server_gets_no_key_of_the_service() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let gateway = setup(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    let message = chat().with("authorization", ONE).with("openai-project", "p").with("x-api-key", "k");
    assert_eq!(attested.ask(&message).await.status(), 200);
    gateway.stop().await;
    let gateway = setup(&swtpm, &upstream).with("upstream.api_key", "own").start().await;
    let attested = Attested::to(&gateway).await;
    assert_eq!(attested.ask(&chat().with("x-api-key", &TWO["Bearer ".len()..])).await.status(), 200);
    let got = upstream.got.lock().unwrap();
    let credentials = |index: usize| {
        let headers = &got[index].head.headers;
        ["authorization", "api-key", "x-api-key", "openai-project"].map(|name| headers.get(name).cloned())
    };
    assert_eq!(credentials(0), [None, None, None, None]);
    assert_eq!(credentials(1), [Some("Bearer own".parse().unwrap()), None, None, None]);
}

#[tokio::test]
async fn limits_hold_for_each_key_and_for_all_and_places_come_back() {
    let swtpm = Swtpm::start().await;
    let (events, upstream) = Upstream::events();
    let gateway = setup(&swtpm, &upstream).with("access.streams", 1).start().await;
    let attested = Attested::to(&gateway).await;
    let ask = async |line: &'static str| attested.ask(&chat().with("authorization", line)).await;
    let open = ask(ONE);
    tokio::pin!(open);
    let second = async {
        upstream.came(1).await;
        let refused = ask(ONE).await;
        assert_eq!((refused.status(), refused.code()), (429, "access.limit"));
        assert!(refused.text().contains("access.streams"), "{}", refused.text());
        drop(events);
    };
    let (answer, ()) = tokio::join!(&mut open, second);
    assert_eq!(answer.status(), 200);
    gateway.stop().await;

    let upstream = Upstream::fixed("{}");
    let limited =
        setup(&swtpm, &upstream).with("access.requests_per_minute", 2).with("access.total_requests_per_minute", 3);
    let gateway = limited.start().await;
    let attested = Attested::to(&gateway).await;
    let mut statuses = Vec::new();
    for line in [ONE, ONE, ONE, TWO, TWO] {
        statuses.push(attested.ask(&chat().with("authorization", line)).await.status());
    }
    assert_eq!(statuses, [200, 200, 429, 200, 429]);
    assert_eq!(upstream.requests(), 3);
}
