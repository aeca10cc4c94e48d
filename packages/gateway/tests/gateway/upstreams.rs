//! Several servers behind one gateway (PROTOCOL.md §11.3): their shares, and what the loss of one costs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use http::Response;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::support::client::{Attested, policy};
use crate::support::http::Version;
use crate::support::model_process::{ModelProcess, runs};
use crate::support::ports::dead_address;
use crate::support::program::AUDIENCE;
use crate::support::upstream::{Body, json, whole};
use crate::support::{Answer, Message, Setup, Swtpm, Upstream, in_time};

fn chat(content: impl Into<Vec<u8>>) -> Message {
    Message::post("/v1/chat/completions", content)
}

/// A gateway in front of the servers at `urls`.
fn before(swtpm: &Swtpm, urls: &[String]) -> Setup {
    Setup::to(swtpm, "").with("upstream.urls", urls.to_vec())
}

/// The servers that answered `count` requests, sent one after the other, each with how many.
async fn shares(attested: &Attested, count: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..count {
        let answer = attested.ask(&chat("{}")).await;
        assert_eq!(answer.status(), 200, "{}", answer.text());
        *shares.entry(answer.text().to_owned()).or_default() += 1;
    }
    shares
}

/// Whether each count is that of its share, or within a third of it: an answer may be open a moment longer than its client reads it.
fn are_about(counts: &[usize], expected: &[usize]) -> bool {
    counts.len() == expected.len()
        && counts.iter().zip(expected).all(|(count, expected)| count.abs_diff(*expected) <= expected.div_ceil(3))
}

fn counts(shares: &BTreeMap<String, usize>) -> Vec<usize> {
    shares.values().copied().collect()
}

fn status(status: u16) -> Response<Body> {
    Response::builder().status(status).body(whole("")).unwrap()
}

#[tokio::test]
async fn requests_are_shared_by_weight_and_the_digest_names_every_server() {
    let swtpm = Swtpm::start().await;
    let servers = [Upstream::fixed("1"), Upstream::fixed("2"), Upstream::fixed("3")];
    let urls = servers.each_ref().map(Upstream::url);
    let gateway = before(&swtpm, &urls).with("upstream.weights", vec![3, 2, 1]).start().await;
    let attested = Attested::to(&gateway).await;
    shares(&attested, 60).await;
    let got = servers.each_ref().map(Upstream::requests);
    assert!(are_about(&got, &[30, 20, 10]), "{got:?}");
    let asked = join_all((0..24).map(|_| async { attested.ask(&chat("{}")).await })).await;
    assert!(asked.iter().all(|answer| answer.status() == 200));
    let digest = gateway.start_text("config_digest").to_owned();
    gateway.stop().await;
    let gateway = before(&swtpm, &urls).with("upstream.weights", vec![1, 1, 1]).start().await;
    assert_eq!(gateway.start_text("config_digest"), digest, "shares change without a release");
    gateway.stop().await;
    let gateway = before(&swtpm, &urls[..2]).start().await;
    assert_ne!(gateway.start_text("config_digest"), digest, "servers do not");
}

#[tokio::test]
async fn a_server_that_is_killed_costs_only_what_it_was_running_and_nothing_runs_twice() {
    let (swtpm, notes) = (Swtpm::start().await, tempfile::tempdir().unwrap());
    let mut models = Vec::new();
    for name in ["a", "b", "c"] {
        models.push(ModelProcess::start(&notes, name).await);
    }
    let urls: Vec<_> = models.iter().map(ModelProcess::url).collect();
    let gateway = before(&swtpm, &urls).start().await;
    let attested = Attested::to(&gateway).await;
    let ask = |name: String| {
        let attested = &attested;
        async move { attested.ask(&chat(name)).await }
    };
    let under_way = join_all((0..18).map(|n| ask(format!("slow {n}"))));
    let kill = async {
        // All are noted, none is answered.
        in_time("eighteen requests at the servers", async {
            while runs(&notes).len() < 18 {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        models[0].kill().await;
        models.iter().for_each(ModelProcess::go_on);
    };
    let (answers, ()) = tokio::join!(under_way, kill);
    let broken = answers.iter().filter(|answer| answer.status() == 502).count();
    assert!(answers.iter().all(|answer| answer.status() == 200 || answer.code() == "request.upstream_broken"));
    assert!((1..=6).contains(&broken), "those of the dead server alone: {broken}");

    let answers = join_all((0..60).map(|n| ask(format!("after {n}")))).await;
    assert!(answers.iter().all(|answer| answer.status() == 200), "no later request meets the dead server");
    let runs = runs(&notes);
    assert_eq!(runs.len(), 78, "each was run");
    assert!(runs.values().all(|count| *count == 1), "and none twice: {runs:?}");
    let down = gateway.log.wait("upstream.down", 1).await;
    let detail = "request.upstream_unreachable: Connection refused (os error 111)";
    assert_eq!((&down["server"], &down["detail"]), (&1.into(), &detail.into()));

    models[0].restart().await;
    in_time("the return of the server", async {
        while gateway.log.count("upstream.up") == 0 {
            assert_eq!(ask("again".into()).await.status(), 200);
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let shares = shares(&attested, 30).await;
    assert!(are_about(&counts(&shares), &[10, 10, 10]), "each has its share again: {shares:?}");
    assert_eq!(gateway.log.count("upstream.down"), 1);
}

#[tokio::test]
async fn where_every_server_is_dead_the_refusal_comes_soon_and_the_key_is_given_back() {
    let swtpm = Swtpm::start().await;
    let urls = [0, 1, 2].map(|_| format!("http://{}", dead_address()));
    let gateway = before(&swtpm, &urls).start().await;
    let attested = Attested::to(&gateway).await;
    let begin = Instant::now();
    let message = chat("{}");
    for _ in 0..4 {
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"));
    }
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    let log = gateway.whole_log().await;
    let mut down: Vec<_> = log.named("upstream.down").iter().map(|line| line["server"].as_u64().unwrap()).collect();
    down.sort_unstable();
    assert_eq!(down, [1, 2, 3]);
    let text = log.text();
    assert!(
        urls.iter().all(|url| !text.contains(&url["http://".len()..])),
        "no address of a server in the log: {text}"
    );
}

#[tokio::test]
async fn a_long_upload_goes_on_to_a_server_that_is_there() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let urls = [format!("http://{}", dead_address()), upstream.url()];
    let gateway = before(&swtpm, &urls).with("upstream.weights", vec![1000, 1]).start().await;
    let attested = Attested::to(&gateway).await;
    let content = "x".repeat(1 << 20);
    let message = chat(content.clone()).encode();
    let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
    let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
    assert_eq!(Answer::read(sealed, response).await.status(), 200);
    assert_eq!(gateway.log.wait("upstream.down", 1).await["server"], 1);
    assert_eq!(upstream.got.lock().unwrap()[0].body.as_deref(), Some(content.as_bytes()), "from its first byte");
}

#[tokio::test]
async fn a_server_that_says_503_gets_no_more_for_a_while_and_its_answer_is_not_sent_for_again() {
    let swtpm = Swtpm::start().await;
    let loading = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&loading);
    let first = Upstream::start(move |_| Some(if still.load(Ordering::Relaxed) { status(503) } else { json("1") }));
    let second = Upstream::fixed("2");
    let gateway = before(&swtpm, &[first.url(), second.url()]).start().await;
    let attested = Attested::to(&gateway).await;
    let begin = Instant::now();
    let answer = attested.ask(&chat("{}")).await;
    assert_eq!((answer.status(), answer.text()), (503, ""), "the server's own answer");
    assert_eq!((first.requests(), second.requests()), (1, 0), "it may have run");
    for number in 1..=8 {
        let status = attested.ask(&chat("{}")).await.status();
        // It gets nothing for a second. A busy machine may not send all eight within it.
        if begin.elapsed() >= Duration::from_secs(1) {
            break;
        }
        assert_eq!((status, first.requests(), second.requests()), (200, 1, number));
    }
    loading.store(false, Ordering::Relaxed);
    gateway.log.wait("upstream.down", 1).await;
    in_time("the return of the server", async {
        while gateway.log.count("upstream.up") == 0 {
            shares(&attested, 1).await;
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let back = shares(&attested, 10).await;
    assert!(are_about(&counts(&back), &[5, 5]), "{back:?}");
}

#[tokio::test]
async fn a_probe_decides_who_serves_and_tells_the_servers_nothing() {
    let swtpm = Swtpm::start().await;
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let first = Upstream::start(move |got| match got.head.uri.path() {
        "/health" => Some(status(if is_well.load(Ordering::Relaxed) { 200 } else { 503 })),
        _ => Some(json("1")),
    });
    let second = Upstream::fixed("2");
    let setup = before(&swtpm, &[first.url(), second.url()]);
    let setup = setup.with("upstream.probe_path", "/health").with("upstream.probe_interval_ms", 50);
    let gateway = setup.with("upstream.api_key", "own").start().await;
    let attested = Attested::to(&gateway).await;
    let down = gateway.log.wait("upstream.down", 1).await;
    assert_eq!((&down["server"], &down["detail"]), (&1.into(), &"probe: status 503".into()));
    assert_eq!(counts(&shares(&attested, 10).await), [10]);
    well.store(true, Ordering::Relaxed);
    gateway.log.wait("upstream.up", 1).await;
    let back = shares(&attested, 10).await;
    assert!(are_about(&counts(&back), &[5, 5]), "{back:?}");
    let got = first.got.lock().unwrap();
    let probe = got.iter().find(|got| got.head.uri.path() == "/health").unwrap();
    assert_eq!((probe.head.method.as_str(), probe.body.as_ref().map(|body| body.len())), ("GET", Some(0)));
    assert_eq!(probe.head.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["host"]);
}

#[tokio::test]
async fn one_of_two_proven_gateways_may_be_lost() {
    let upstream = Upstream::fixed("{}");
    let tpms = [Swtpm::start().await, Swtpm::start().await, Swtpm::start().await];
    let inner = [Setup::new(&tpms[0], &upstream).start().await, Setup::new(&tpms[1], &upstream).start().await];
    // Both machines: each has a key of its own, and the policy names both.
    let mut both = policy(&inner[0]);
    both["anchors"].as_array_mut().unwrap().extend(policy(&inner[1])["anchors"].as_array().unwrap().clone());
    let urls = inner.each_ref().map(|gateway| format!("http://{}", gateway.address));
    let setup = before(&tpms[2], &urls)
        .with("upstream.kind", "attested")
        .with("upstream.policy", both.to_string())
        .with("upstream.audience", AUDIENCE)
        .with("upstream.allow_simulated", true);
    let outer = setup.start().await;
    let attested = Attested::to(&outer).await;
    shares(&attested, 10).await;
    let [mut first, second] = inner;
    for gateway in [&first, &second] {
        gateway.log.wait("request", 3).await;
    }
    first.signal(Signal::KILL);
    first.exit().await;
    // A connection that the killed gateway left may cost one request, whose fate nobody knows.
    let mut lost = 0;
    for _ in 0..20 {
        let answer = attested.ask(&chat("{}")).await;
        match answer.status() {
            200 => {}
            _ => {
                assert_eq!(answer.code(), "request.upstream_broken");
                lost += 1;
            }
        }
    }
    assert!(lost <= 1, "{lost}");
    assert_eq!(outer.log.wait("upstream.down", 1).await["server"], 1);
    assert_eq!(upstream.requests(), 10 + 20 - lost);
    drop(second);
}
