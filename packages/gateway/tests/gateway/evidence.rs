//! Evidence of a running gateway, judged by the real verifier.

use blindllama_verifier::evidence::bundle::{Bundle, ReleaseEvidence, Signed, Static};
use blindllama_verifier::evidence::claims::Claims;
use blindllama_verifier::{Code, Verdict};
use futures::future::join_all;
use serde_json::json;

use crate::support::client::{Evidence, base64url, policy, policy_sha384, random};
use crate::support::http::{get, request};
use crate::support::program::program;
use crate::support::{Setup, Swtpm, Upstream};

#[tokio::test]
async fn passes_the_verifier_with_every_kind_of_key() {
    let upstream = Upstream::fixed("{}");
    for (key, algorithm) in [
        ("ecc-p256", "ecdsa-p256-sha256"),
        ("ecc-p384", "ecdsa-p384-sha384"),
        ("rsa-2048", "rsassa-2048-sha256"),
        ("rsapss-2048", "rsapss-2048-sha256"),
    ] {
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).with("tpm.key", key).start().await;
        let verdict = Evidence::of(&gateway).await.verify(&policy(&gateway));
        assert!(verdict.failure().is_none(), "{key}: {}", verdict.to_json());
        let Verdict::Passed { key, .. } = &verdict else { unreachable!() };
        assert_eq!(key.instance, gateway.start_text("instance"));
        assert_eq!(key.valid_for_ms, 3_600_000, "the policy's age is shorter than epoch and grace");
        let report: serde_json::Value = serde_json::from_str(&verdict.to_json()).unwrap();
        assert_eq!(report["ak"]["algorithm"], algorithm);
        assert!(report["ak"]["qualifiedName"].is_string(), "the endorsement hierarchy was checked");
    }
}

#[tokio::test]
async fn passes_the_verifier_over_either_bank() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("attestation.bank", "sha384").start().await;
    let evidence = Evidence::of(&gateway).await;
    assert_eq!(evidence.verify(&policy_sha384(&gateway)).failure(), None);
    assert_eq!(evidence.verify(&policy(&gateway)).failure(), Some(Code::PCR_SELECTION));
}

#[tokio::test]
async fn fails_once_a_measurement_was_extended() {
    let upstream = Upstream::fixed("{}");
    for (index, expected) in [(12, Code::PCR_TOUCHED), (0, Code::PCR_MISMATCH)] {
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).start().await;
        let policy = policy(&gateway);
        assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), None);
        gateway.stop().await;
        swtpm.extend(index, &"ab".repeat(32)).await;
        let gateway = Setup::new(&swtpm, &upstream).start().await;
        assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), Some(expected), "PCR {index}");
    }
}

#[tokio::test]
async fn carries_the_values_that_other_tools_read() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let all: Vec<i64> = (0..24).collect();
    let gateway = Setup::new(&swtpm, &upstream).with("attestation.pcrs", all).start().await;
    let evidence = Evidence::of(&gateway).await;
    gateway.stop().await;
    let bundle = Bundle::decode(&evidence.bundle).unwrap();
    assert_eq!(bundle.pcrs.values.len(), 24, "three reads of the TPM");
    for index in [0, 7, 8, 17, 23] {
        let value: String = bundle.pcrs.values[usize::from(index)].1.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(value, swtpm.read(index).await, "PCR {index}");
    }
}

/// A quote belongs to the nonce it was made for (negative cases E1, E2) and its qualifying data has 32 bytes (E11).
#[tokio::test]
async fn serves_one_nonce_once() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let policy = policy(&gateway);
    let evidence = Evidence::of(&gateway).await;
    assert_eq!(evidence.verify_with(&policy, &random(), None).failure(), Some(Code::BINDING_EXTRA_DATA));
    let bundle = Bundle::decode(&evidence.bundle).unwrap();
    let name_length = usize::from(bundle.quote.attest[7]);
    assert_eq!(bundle.quote.attest[8 + name_length..][..2], [0, 32], "size of extraData");
    // Asked again, the gateway makes another quote; the one before is never served twice.
    let again = get(&gateway.address, &Evidence::path(&evidence.nonce)).await;
    assert_ne!(Bundle::decode(&again.body).unwrap().quote, bundle.quote);
}

#[tokio::test]
async fn serves_many_clients_with_few_quotes() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("tpm.key", "rsa-2048").start().await;
    let policy = policy(&gateway);
    let evidence = join_all((0..50).map(|_| Evidence::of(&gateway))).await;
    for each in &evidence {
        assert_eq!(each.verify(&policy).failure(), None);
    }
    let mut quotes: Vec<_> =
        evidence.iter().map(|each| Bundle::decode(&each.bundle).unwrap().quote.attest.to_vec()).collect();
    quotes.sort_unstable();
    quotes.dedup();
    assert!(quotes.len() < 50, "{} quotes", quotes.len());
    gateway.log.wait("evidence", quotes.len()).await;
    let counted: u64 = gateway.log.named("evidence").iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 50, "each client is counted once");
    assert_eq!(gateway.log.count("evidence"), quotes.len());
}

#[tokio::test]
async fn leaves_out_what_the_client_holds() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("measurements");
    std::fs::write(&log, [7; 5000]).unwrap();
    let logs = vec![log.to_str().unwrap().to_owned()];
    let gateway = Setup::new(&swtpm, &upstream).with("attestation.event_logs", logs).start().await;
    let first = Evidence::of(&gateway).await;
    let bundle = Bundle::decode(&first.bundle).unwrap();
    let (hash, held) = (bundle.static_hash, bundle.static_part.unwrap());
    assert_eq!(Static::decode(held).unwrap().event_logs[0].bytes, [7; 5000]);

    let nonce = random();
    let asked = format!("{}&have={}", Evidence::path(&nonce), base64url(hash));
    let second = Evidence { nonce, bundle: get(&gateway.address, &asked).await.body };
    // More than half of it is the hybrid key.
    assert!(second.bundle.len() < 2500, "{} bytes", second.bundle.len());
    assert_eq!(second.verify_with(&policy(&gateway), &nonce, Some(held)).failure(), None);
    assert_eq!(second.verify(&policy(&gateway)).failure(), Some(Code::BUNDLE_STATIC_MISSING));

    let other = format!("{}&have={}", Evidence::path(&nonce), base64url(&[0; 32]));
    let whole = get(&gateway.address, &other).await;
    assert!(Bundle::decode(&whole.body).unwrap().static_part.is_some(), "another hash brings the static part");
}

#[tokio::test]
async fn speaks_version_1_or_says_so() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let nonce = base64url(&random::<32>());
    let ask = |rest: String| {
        let path = format!("/blindllama/v1/evidence?{rest}");
        let address = gateway.address.clone();
        async move { get(&address, &path).await }
    };
    assert_eq!(ask(format!("nonce={nonce}&v=7,1,2")).await.status, 200);
    assert_eq!(ask(format!("nonce={nonce}&v=2,3")).await.code(), "evidence.version");
    for query in [format!("nonce={nonce}"), "v=1".into(), format!("nonce={nonce}&v=1&x=2"), String::new()] {
        assert_eq!(ask(query).await.code(), "request.query");
    }
}

#[tokio::test]
async fn all_clients_see_the_same_keys_and_claims_of_this_process() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("instance", "replica7").start().await;
    let [first, second] = [Evidence::of(&gateway).await, Evidence::of(&gateway).await];
    let [first, second] = [&first, &second].map(|evidence| Bundle::decode(&evidence.bundle).unwrap());
    let [first, second] = [first.claims, second.claims].map(|claims| Claims::decode(claims).unwrap());
    assert_eq!((first.ohttp_keys, first.epoch_id), (second.ohttp_keys, second.epoch_id));
    assert_eq!((first.instance, gateway.start_text("instance")), ("replica7", "replica7"));
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_it() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let origins = vec!["https://chat.example".to_owned()];
    let gateway = Setup::new(&swtpm, &upstream).with("cors.origins", origins).start().await;
    let url = format!("http://{}{}", gateway.address, Evidence::path(&random()));
    let ask = |method: &'static str, origin: &'static str| {
        request(&gateway.address, http::Request::builder().method(method).uri(&url).header("origin", origin))
    };
    let listed = ask("GET", "https://chat.example").await;
    assert_eq!(listed.headers["access-control-allow-origin"], "https://chat.example");
    let other = ask("GET", "https://evil.example").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    let preflight = ask("OPTIONS", "https://chat.example").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-methods"], "GET, POST");
    assert_eq!(preflight.headers["access-control-allow-headers"], "content-type, incremental");
    assert!(preflight.headers.contains_key("access-control-max-age"));
    assert_eq!(ask("OPTIONS", "https://evil.example").await.code(), "request.origin");
    assert_eq!(ask("DELETE", "https://chat.example").await.code(), "request.method");
}

#[tokio::test]
async fn the_commands_say_what_the_evidence_says() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let setup = Setup::new(&swtpm, &upstream);
    let output = |output: std::process::Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let digest = output(setup.run("config-digest").await);
    let key: serde_json::Value = serde_json::from_str(&output(setup.run("ak").await)).unwrap();
    let gateway = setup.start().await;
    assert_eq!(gateway.start_text("config_digest"), digest.trim());
    assert_eq!(json!(gateway.start_text("ak_name")), key["name"]);
    let report = Evidence::of(&gateway).await.verify(&policy(&gateway)).to_json();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ak"]["name"], key["name"]);
    assert_eq!(report["ak"]["qualifiedName"], key["qualifiedName"]);
    let help = output(program().arg("--help").output().await.unwrap());
    for command in ["serve", "check", "config-digest", "extend-config", "ak"] {
        assert!(help.contains(command));
    }
}

#[tokio::test]
async fn carries_the_release_and_follows_its_files() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let folder = tempfile::tempdir().unwrap();
    let (release, status) = (folder.path().join("release.cbor"), folder.path().join("status.cbor"));
    let signed = |payload| Signed { payload, signatures: vec![&[7; 96]], log_proof: Some(b"proof") };
    let evidence = ReleaseEvidence { manifest: signed(b"{}"), key_sets: vec![signed(b"[]")] };
    std::fs::write(&release, evidence.encode()).unwrap();
    std::fs::write(&status, signed(b"old").encode()).unwrap();
    let gateway = Setup::new(&swtpm, &upstream)
        .with("attestation.release", release.to_str().unwrap())
        .with("attestation.status", status.to_str().unwrap())
        .start()
        .await;
    let status_now = async || {
        let first = Evidence::of(&gateway).await;
        let bundle = Bundle::decode(&first.bundle).unwrap();
        let fixed = Static::decode(bundle.static_part.unwrap()).unwrap();
        assert_eq!(fixed.release.as_ref(), Some(&evidence));
        fixed.status.unwrap().payload.to_vec()
    };
    assert_eq!(status_now().await, b"old");

    std::fs::write(&status, b"half of a file").unwrap();
    gateway.log.wait("release.failed", 1).await;
    assert_eq!(status_now().await, b"old", "a file that cannot be read changes nothing");

    std::fs::write(&status, signed(b"new").encode()).unwrap();
    gateway.log.wait("release.read", 1).await;
    assert_eq!(status_now().await, b"new");
}
