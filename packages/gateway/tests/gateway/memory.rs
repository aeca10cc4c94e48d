//! What is left in memory: keys after their epoch and grace, and what was said after it was answered. The program's memory is read as a
//! debugger would.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use aws_lc_rs::agreement::{PrivateKey, X25519};
use aws_lc_rs::digest::{SHA3_256, SHA3_512, digest};
use aws_lc_rs::kem::{DecapsulationKey, EncapsulationKey, ML_KEM_768};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_testkit::tls::{Authority, VALID};
use blindllama_verifier::evidence::bundle::Bundle;
use blindllama_verifier::evidence::claims::Claims;
use blindllama_verifier::evidence::key_config::decode_list;
use http_body_util::BodyExt;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::client::{Attested, Evidence, base64url, random};
use crate::support::http::Version;
use crate::support::memory::Snapshot;
use crate::support::tls_server::TlsServer;
use crate::support::{Gateway, Message, Setup, Swtpm, Upstream, in_time};

const SUITES: [&str; 2] = ["mlkem768x25519-sha256-aes128gcm", "x25519-sha256-aes128gcm"];

/// The public keys of an epoch.
struct Epoch {
    x25519: Vec<u8>,
    ml_kem: Vec<u8>,
    /// The other half of the hybrid key.
    hybrid_x25519: Vec<u8>,
    receipt: Vec<u8>,
}

/// Where the private keys of an epoch lie.
#[derive(Debug, Default)]
struct Found {
    scalars: Vec<String>,
    hybrid_scalars: Vec<String>,
    ml_kem: Vec<String>,
    receipt_seeds: Vec<String>,
}

impl Epoch {
    async fn of(gateway: &Gateway) -> Self {
        let evidence = Evidence::of(gateway).await;
        let claims = Claims::decode(Bundle::decode(&evidence.bundle).unwrap().claims).unwrap();
        let keys = decode_list(claims.ohttp_keys).unwrap();
        let public = |kem: u16| keys.iter().find(|(_, key)| key.kem_id == kem).unwrap().1.public_key.to_vec();
        let mut ml_kem = public(0x647a);
        let hybrid_x25519 = ml_kem.split_off(1184);
        Self { x25519: public(0x20), ml_kem, hybrid_x25519, receipt: claims.receipt_key.unwrap().to_vec() }
    }

    fn find(&self, memory: &Snapshot) -> Found {
        let has_public = |scalar: &[u8; 32], public: &[u8]| {
            let key = PrivateKey::from_private_key(&X25519, scalar).unwrap();
            key.compute_public_key().unwrap().as_ref() == public
        };
        Found {
            scalars: memory.places_of_keys(|bytes| has_public(bytes, &self.x25519)),
            hybrid_scalars: memory.places_of_keys(|bytes| has_public(bytes, &self.hybrid_x25519)),
            ml_kem: self.ml_kem_keys(memory),
            receipt_seeds: memory.places_of_keys(|bytes| {
                Ed25519KeyPair::from_seed_unchecked(bytes).unwrap().public_key().as_ref() == self.receipt
            }),
        }
    }

    /// A private key of ML-KEM-768 is `dk || ek || H(ek) || z` (FIPS 203 §7.1): `ek` with the secret in front. It is also known from `d`,
    /// of which `ek` ends with the beginning of `G(d || 3)` (§5.1).
    fn ml_kem_keys(&self, memory: &Snapshot) -> Vec<String> {
        let (ciphertext, secret) = EncapsulationKey::new(&ML_KEM_768, &self.ml_kem).unwrap().encapsulate().unwrap();
        let opens = |front: &[u8]| {
            let key = [front, &self.ml_kem, digest(&SHA3_256, &self.ml_kem).as_ref(), &[0; 32]].concat();
            let key = DecapsulationKey::new(&ML_KEM_768, &key).unwrap();
            key.decapsulate(ciphertext.as_ref().into()).is_ok_and(|opened| opened.as_ref() == secret.as_ref())
        };
        let whole = memory.before(&self.ml_kem, 1152).into_iter().filter(|front| opens(front)).count();
        let rho = &self.ml_kem[1152..];
        let mut found = memory.places_of_keys(|d| &digest(&SHA3_512, &[&d[..], &[3]].concat()).as_ref()[..32] == rho);
        found.extend((0..whole).map(|_| "before its public key".to_owned()));
        found
    }
}

impl Found {
    fn is_nothing(&self) -> bool {
        [&self.scalars, &self.hybrid_scalars, &self.ml_kem, &self.receipt_seeds].iter().all(|places| places.is_empty())
    }
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

#[tokio::test]
async fn private_keys_are_gone_from_memory_once_epoch_and_grace_are_over() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream)
        .with("channel.epoch_ms", 20_000)
        .with("channel.grace_ms", 1000)
        .start_readable()
        .await;
    let first = Epoch::of(&gateway).await;
    for suite in SUITES {
        let attested = Attested::with(&gateway, &json!([suite])).await;
        for _ in 0..3 {
            let salt: &'static str = Box::leak(base64url(&random::<32>()).into_boxed_str());
            assert_eq!(attested.ask(&chat().with("blindllama-receipt", salt)).await.status(), 200);
        }
    }
    let alive = Snapshot::of(&gateway);
    gateway.log.wait("rotation", 1).await;
    let second = Epoch::of(&gateway).await;
    // Keys whose time is over are looked for every second; those of the second epoch are still in use.
    sleep(Duration::from_secs(6)).await;
    let later = Snapshot::of(&gateway);

    // That they are found while they are in use shows that they would be found afterwards.
    let found = first.find(&alive);
    for places in [&found.scalars, &found.hybrid_scalars, &found.receipt_seeds] {
        assert_eq!(places.len(), 1, "each key is in one place: {found:?}");
    }
    assert_eq!(found.ml_kem.len(), 2, "AWS-LC keeps a seed beside each key of ML-KEM: {found:?}");
    let found = first.find(&later);
    assert!(found.is_nothing(), "keys of an epoch that is over: {found:?}");
    let found = second.find(&later);
    assert!(!found.is_nothing(), "the keys of the current epoch");
}

const QUESTION: &str = "MARKED-QUESTION-4d0b61";
const ANSWER: &str = "MARKED-ANSWER-a90c37";
const CREDENTIAL: &str = "MARKED-CREDENTIAL-77e1";

fn marks(memory: &Snapshot) -> Vec<String> {
    let places = [QUESTION, ANSWER, CREDENTIAL].map(|mark| (mark, memory.places(mark.as_bytes())));
    places.iter().flat_map(|(mark, places)| places.iter().map(move |place| format!("{mark} at {place}"))).collect()
}

/// Waits until nothing that was said is in memory: no longer than the connection to the upstream is kept, and a moment.
async fn forgotten(gateway: &Gateway) {
    let begin = Instant::now();
    loop {
        let left = marks(&Snapshot::of(gateway));
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "still in memory: {left:#?}");
        sleep(Duration::from_millis(200)).await;
    }
}

fn question(length: usize) -> Message {
    let content = format!(r#"{{"prompt":"{QUESTION}{}{QUESTION}"}}"#, "x".repeat(length));
    Message::post("/v1/chat/completions", content).with("authorization", "Bearer MARKED-CREDENTIAL-77e1")
}

#[tokio::test]
async fn prompt_answer_and_credential_are_gone_from_memory_once_answered() {
    let (swtpm, upstream) = (Swtpm::start().await, long_answers());
    is_forgotten(Setup::new(&swtpm, &upstream), &upstream).await;
}

#[tokio::test]
async fn buffers_of_tls_to_the_upstream_are_gone_from_memory_too() {
    let (swtpm, upstream, authority) = (Swtpm::start().await, long_answers(), Authority(1));
    let server = TlsServer::before(&upstream, authority.certify(&["127.0.0.1"], VALID)).await;
    is_forgotten(Setup::to(&swtpm, &server.url()).with("upstream.ca", authority.pem()), &upstream).await;
}

/// A model server with [`ANSWER`] at both ends of each answer.
fn long_answers() -> Upstream {
    let answer = format!(r#"{{"answer":"{ANSWER}{}{ANSWER}"}}"#, "y".repeat(60_000));
    Upstream::fixed(Box::leak(answer.into_boxed_str()))
}

async fn is_forgotten(setup: Setup, upstream: &Upstream) {
    // Longer than a connection's first buffers, and than what is forwarded whole.
    const LENGTHS: [usize; 3] = [10, 40_000, 300_000];
    let gateway = setup.start_readable().await;
    for suite in SUITES {
        let attested = Attested::with(&gateway, &json!([suite])).await;
        for length in LENGTHS {
            let message = question(length).encode();
            let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
            let response = attested.post(Version::Http1, sealed.body.clone()).await.unwrap();
            let answer = crate::support::Answer::read(sealed, response).await;
            assert!(answer.text().contains(ANSWER));
        }
    }
    assert_eq!(upstream.requests(), SUITES.len() * LENGTHS.len());
    assert!(
        upstream
            .got
            .lock()
            .unwrap()
            .iter()
            .all(|got| got.head.headers["authorization"] == "Bearer MARKED-CREDENTIAL-77e1")
    );
    forgotten(&gateway).await;
}

#[tokio::test]
async fn events_are_gone_from_memory_once_sent_and_found_while_they_are_held() {
    let (events, upstream) = Upstream::events();
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start_readable().await;
    let attested = Attested::to(&gateway).await;
    let sealed = attested.seal(&[&question(10).encode()]);
    let mut body = attested.post(Version::Http1, sealed.body.clone()).await.unwrap().into_body();
    let mut opener = sealed.opener();
    events.send(Ok("data: MARKED-ANSWER-a90c37\n\ndata: MARKED-ANSWER-a90c37 has no end yet")).unwrap();
    while opener_has_no_event(&mut opener, &in_time("an event", body.frame()).await.unwrap().unwrap()) {}
    let held = marks(&Snapshot::of(&gateway));
    assert!(held.iter().any(|mark| mark.starts_with(ANSWER)), "what is held is found: {held:?}");
    events.send(Ok("\n\n")).unwrap();
    drop(events);
    while let Some(frame) = in_time("a frame or the end", body.frame()).await {
        opener.push(frame.unwrap().data_ref().unwrap());
    }
    assert!(opener.finish().is_some());
    forgotten(&gateway).await;
}

fn opener_has_no_event(opener: &mut crate::support::client::Opener, frame: &http_body::Frame<bytes::Bytes>) -> bool {
    let chunks = opener.push(frame.data_ref().unwrap());
    !chunks.iter().any(|chunk| chunk.windows(ANSWER.len()).any(|window| window == ANSWER.as_bytes()))
}

#[tokio::test]
async fn a_crash_leaves_no_core_file() {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: maximum, maximum }).unwrap();
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let mut gateway = Setup::new(&swtpm, &upstream).start_readable().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_ascii_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    gateway.signal(Signal::ABORT);
    let ended = gateway.exit().await;
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
}
