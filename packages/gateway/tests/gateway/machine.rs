//! A machine that becomes another one while the gateway runs, and what the gateway measures of itself.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use blindllama_verifier::Code;
use blindllama_verifier::evidence::bundle::Bundle;
use blindllama_verifier::evidence::claims::Claims;
use http_body_util::BodyExt;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::support::client::{Attested, Evidence, policy, random};
use crate::support::http::{Version, get};
use crate::support::shared::TpmFault;
use crate::support::{Gateway, Message, Setup, Swtpm, Upstream, in_time};

const BANKS: [(&str, &Algorithm); 4] =
    [("sha1", &SHA1_FOR_LEGACY_USE_ONLY), ("sha256", &SHA256), ("sha384", &SHA384), ("sha512", &SHA512)];

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lp(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// `PCR` after the one event `LP(label) || LP(value)`, written from PROTOCOL.md §24.1 alone.
fn after_one_event(hash: &'static Algorithm, label: &str, value: &[u8]) -> Vec<u8> {
    let measured = digest(hash, &[lp(label.as_bytes()), lp(value)].concat());
    digest(hash, &[&vec![0; measured.as_ref().len()], measured.as_ref()].concat()).as_ref().to_vec()
}

/// The gateway proves nothing any more, and its keys are gone.
async fn has_ended(gateway: &Gateway, attested: &Attested) {
    let refusal = get(&gateway.address, &Evidence::path(&random())).await;
    assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (503, "evidence.changed"));
    assert!(refusal.headers.contains_key("retry-after"));
    let refusal = attested.refused(attested.seal(&[&chat().encode()]).body).await;
    assert_eq!(refusal.code(), "channel.key_unknown");
    let health = get(&gateway.address, "/blindllama/v1/health").await;
    assert_eq!((health.status.as_u16(), &health.json()["status"]), (503, &json!("unavailable")));
    assert_eq!(get(&gateway.address, "/blindllama/v1/health/live").await.status, 200);
}

#[tokio::test]
async fn a_pcr_that_is_extended_ends_keys_and_proof_before_anybody_asks() {
    let (events, upstream) = Upstream::events();
    let mut swtpm = Swtpm::start().await;
    swtpm.share().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    let open = attested.seal(&[&chat().encode()]);
    let mut body = attested.post(Version::Http1, open.body.clone()).await.unwrap().into_body();
    swtpm.extend(12, &"ab".repeat(32)).await;
    let extended = Instant::now();
    let line = gateway.log.wait("machine.changed", 1).await;
    assert!(
        extended.elapsed() < Duration::from_secs(20),
        "by a look, before a quote that the gateway makes for itself"
    );
    assert_eq!(
        (&line["code"], &line["detail"], &line["level"]),
        (&json!("tpm.changed"), &json!("PCR 12"), &json!("error"))
    );
    for _ in 0..2 {
        has_ended(&gateway, &attested).await;
    }
    // Longer than between two looks, and between two sweeps of the epochs.
    sleep(Duration::from_secs(5)).await;
    has_ended(&gateway, &attested).await;
    assert_eq!((gateway.log.count("machine.changed"), gateway.log.count("rotation")), (1, 0));
    // An answer that was under way is the one of the machine before.
    events.send(Ok("data: still here\n\n")).unwrap();
    drop(events);
    let mut opener = open.opener();
    while let Some(frame) = in_time("a frame or the end", body.frame()).await {
        opener.push(frame.unwrap().data_ref().unwrap());
    }
    assert!(opener.finish().is_some(), "with an authenticated end");
}

#[tokio::test]
async fn no_quote_over_another_machine_is_handed_out() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    swtpm.share().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    swtpm.extend(0, &"ab".repeat(32)).await;
    // Sooner than the gateway looks by itself.
    has_ended(&gateway, &attested).await;
    assert_eq!(gateway.log.wait("machine.changed", 1).await["detail"], "PCR 0");
}

#[tokio::test]
async fn pcrs_that_change_in_ordinary_use_end_nothing() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    swtpm.share().await;
    let pcrs = vec![0, 4, 7, 10, 12, 16, 23];
    let gateway = Setup::new(&swtpm, &upstream).with("attestation.pcrs", pcrs).start().await;
    let mut policy = policy(&gateway);
    for index in ["10", "16", "23"] {
        policy["pcrs"]["rules"][index] = "unchecked".into();
    }
    let epoch =
        |evidence: &Evidence| *Claims::decode(Bundle::decode(&evidence.bundle).unwrap().claims).unwrap().epoch_id;
    let before = Evidence::of(&gateway).await;
    for index in [10, 16, 23, 16] {
        swtpm.extend(index, &"ab".repeat(32)).await;
    }
    swtpm.tool("tpm2_pcrreset", &["23"]).await;
    // Longer than between two looks; then by a quote.
    sleep(Duration::from_secs(5)).await;
    let after = Evidence::of(&gateway).await;
    assert_eq!(after.verify(&policy).failure(), None);
    assert_eq!(epoch(&before), epoch(&after));
    assert_eq!(gateway.log.count("machine.changed"), 0);
}

/// Starts the TPM anew and extends the same values, as whoever can reset a TPM would. The gateway, which is halted, sees nothing between.
async fn start_anew(swtpm: &mut Swtpm, gateway: &Gateway) {
    swtpm.restart().await;
    swtpm.measure_start().await;
    gateway.signal(Signal::CONT);
}

/// Waits for the end that nobody asked for; it is the counter alone that tells.
async fn ends_by_its_counter(gateway: &Gateway, attested: &Attested) {
    let detail = gateway.log.wait("machine.changed", 1).await["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("resetCount was "), "{detail}");
    has_ended(gateway, attested).await;
}

#[tokio::test]
async fn a_tpm_that_was_started_anew_ends_keys_and_proof() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let policy = policy(&gateway);
    let attested = Attested::to(&gateway).await;
    gateway.signal(Signal::STOP);
    swtpm.kill().await;
    start_anew(&mut swtpm, &gateway).await;
    // Between two commands nothing shows it: a quote for nobody comes 30 seconds after the last one.
    sleep(Duration::from_secs(10)).await;
    ends_by_its_counter(&gateway, &attested).await;
    // A gateway that starts now finds a machine that passes.
    gateway.stop().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), None);
}

#[tokio::test]
async fn a_tpm_that_was_silent_shows_its_counters_at_once() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    swtpm.kill().await;
    // Longer than between two looks.
    sleep(Duration::from_secs(3)).await;
    gateway.signal(Signal::STOP);
    start_anew(&mut swtpm, &gateway).await;
    timeout(Duration::from_secs(15), ends_by_its_counter(&gateway, &attested))
        .await
        .expect("before 30 seconds are over");
}

#[tokio::test]
async fn a_connection_to_the_tpm_that_is_lost_ends_nothing() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    let faults = swtpm.share().await;
    let gateway = Setup::new(&swtpm, &upstream).start().await;
    let attested = Attested::to(&gateway).await;
    faults.push([TpmFault::Lost]);
    assert_eq!(get(&gateway.address, &Evidence::path(&random())).await.code(), "evidence.unavailable");
    let recovered = async { while get(&gateway.address, &Evidence::path(&random())).await.status != 200 {} };
    in_time("the TPM that came back", recovered).await;
    assert_eq!(attested.ask(&chat()).await.status(), 200);
    assert_eq!(gateway.log.count("machine.changed"), 0);
}

#[tokio::test]
async fn the_key_of_the_process_is_measured_once_and_signs_the_claims() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let setup = || {
        Setup::new(&swtpm, &upstream)
            .with("attestation.pcrs", vec![0, 4, 7, 12, 15])
            .with("attestation.extend_instance", true)
    };
    let gateway = setup().start().await;
    let mut policy = policy(&gateway);
    policy["pcrs"]["rules"]["15"] = "instance".into();
    let [first, second] = [Evidence::of(&gateway).await, Evidence::of(&gateway).await];
    let key = |evidence: &Evidence| {
        *Claims::decode(Bundle::decode(&evidence.bundle).unwrap().claims).unwrap().instance_key.unwrap()
    };
    assert_eq!(key(&first), key(&second), "one key as long as the process");
    let verdict = first.verify(&policy);
    assert_eq!(verdict.failure(), None);
    let report: serde_json::Value = serde_json::from_str(&verdict.to_json()).unwrap();
    assert_eq!(report["claims"]["instanceKey"], hex(&key(&first)));
    gateway.stop().await;
    for (bank, hash) in BANKS {
        let expected = hex(&after_one_event(hash, "blindllama/instance/v1", &key(&first)));
        assert_eq!(swtpm.read_of(bank, 15).await, expected, "{bank}");
    }

    let again = setup().run("serve").await;
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{error}");
    assert!(error.contains("tpm.pcr_used") && error.contains("PCR 15"), "{error}");
    let other = Setup::new(&swtpm, &upstream).start().await;
    assert_ne!(key(&Evidence::of(&other).await), key(&first), "every process has its own");
}

#[tokio::test]
async fn the_configuration_is_measured_once() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let setup = || Setup::new(&swtpm, &upstream);
    let first = setup().run("extend-config").await;
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let expected = setup().run("config-digest").await.stdout;
    assert_eq!(first.stdout, expected);
    let digest: Vec<u8> = String::from_utf8(expected)
        .unwrap()
        .trim()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let again = setup().run("extend-config").await;
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{error}");
    assert!(error.contains("tpm.pcr_used") && error.contains("PCR 14"), "{error}");
    for (bank, hash) in BANKS {
        let expected = hex(&after_one_event(hash, "blindllama/config/v1", &digest));
        assert_eq!(swtpm.read_of(bank, 14).await, expected, "{bank}: once");
    }
    let unreachable = setup().with("tpm.tcti", "swtpm:host=127.0.0.1,port=1").run("extend-config").await;
    assert!(String::from_utf8_lossy(&unreachable.stderr).contains("tpm.unreachable"));
}

/// A bank that the policy does not ask for counts as well: its value would be that of nobody.
#[tokio::test]
async fn a_pcr_that_is_used_in_another_bank_takes_nothing() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    swtpm.tool("tpm2_pcrextend", &[&format!("14:sha1={}", "ab".repeat(20))]).await;
    let output = Setup::new(&swtpm, &upstream).run("extend-config").await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("tpm.pcr_used") && error.contains("PCR 14, bank sha1"), "{error}");
    assert_eq!(swtpm.read_of("sha256", 14).await, "0".repeat(64));
    let message = Code::TPM_PCR_USED.sentence();
    assert!(error.contains(message));
}
