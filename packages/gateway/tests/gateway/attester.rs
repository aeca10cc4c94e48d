//! The attester as a process of its own (PROTOCOL.md §24.5): a gateway without a TPM of its own, and what reaches the TPM through it.

use std::sync::atomic::Ordering;

use aws_lc_rs::digest::{SHA256, digest};
use blindllama_verifier::evidence::bundle::Bundle;
use blindllama_verifier::evidence::claims::Claims;
use blindllama_verifier::evidence::instance::instance_event;
use rustix::process::{Signal, geteuid};

use crate::support::attester::{Attester, Forger, Raw};
use crate::support::client::{Attested, Evidence, policy, random};
use crate::support::enroller::{Endorsement, Enroller, bytes};
use crate::support::http::get;
use crate::support::{Gateway, Message, Setup, Swtpm, Upstream, in_time};

fn setup(swtpm: &Swtpm, attester: &Attester) -> Setup {
    Setup::new(swtpm, &Upstream::fixed("{}")).with("tpm.tcti", attester.tcti())
}

async fn refusal(gateway: &Gateway) -> (u16, String) {
    let reply = get(&gateway.address, &Evidence::path(&random())).await;
    (reply.status.as_u16(), if reply.status == 200 { String::new() } else { reply.code() })
}

async fn recovered(gateway: &Gateway) {
    let recovered = async { while refusal(gateway).await.0 != 200 {} };
    in_time("evidence again", recovered).await;
    assert_eq!(Evidence::of(gateway).await.verify(&policy(gateway)).failure(), None);
}

/// `u8 || LP(field) …`, written from the text of §24.5.
fn message(first: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut message = vec![first];
    for field in fields {
        message.extend((field.len() as u32).to_be_bytes());
        message.extend_from_slice(field);
    }
    message
}

/// The code of an answer that tells of a failure.
fn code(answer: &[u8]) -> String {
    assert_eq!(answer[0], 1, "a failure: {answer:?}");
    let length = u32::from_be_bytes(answer[1..5].try_into().unwrap()) as usize;
    String::from_utf8(answer[5..5 + length].to_vec()).unwrap()
}

#[tokio::test]
async fn a_gateway_without_a_tpm_attests_answers_and_has_its_key_measured() {
    let swtpm = Swtpm::start().await;
    let direct = Setup::new(&swtpm, &Upstream::fixed("{}")).run("ak").await;
    let pcrs = || vec![0, 4, 7, 12, 15];
    let measuring = |setup: Setup| setup.with("attestation.pcrs", pcrs()).with("attestation.extend_instance", true);
    let attester = Attester::configured(measuring(Setup::new(&swtpm, &Upstream::fixed("{}")))).await;
    let setup = || measuring(setup(&swtpm, &attester));
    assert_eq!(setup().run("ak").await.stdout, direct.stdout, "the same key");
    let gateway = setup().start().await;
    let mut policy = policy(&gateway);
    policy["pcrs"]["rules"]["15"] = "instance".into();
    let evidence = Evidence::of(&gateway).await;
    assert_eq!(evidence.verify(&policy).failure(), None);

    // The PCR takes one process, whoever asks.
    gateway.stop().await;
    let again = setup().run("serve").await;
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{error}");
    assert!(error.contains("tpm.pcr_used") && error.contains("the attester measures one gateway"), "{error}");
    attester.stop().await;
    let claims = Bundle::decode(&evidence.bundle).unwrap().claims;
    let key = *Claims::decode(claims).unwrap().instance_key.unwrap();
    let expected = digest(&SHA256, &[&[0; 32], digest(&SHA256, &instance_event(&key)).as_ref()].concat());
    assert_eq!(swtpm.read(15).await, blindllama_gateway::hex::hex(expected.as_ref()));
}

#[tokio::test]
async fn a_credential_is_activated_by_the_attester() {
    let swtpm = Swtpm::start().await;
    let endorsement = Endorsement::of(&swtpm).await;
    let enroller = Enroller::new(1);
    let attester = Attester::start(&swtpm).await;
    let gateway = enroller.setup(&swtpm).with("tpm.tcti", attester.tcti()).start().await;
    let told = enroller.ask(&gateway, None).await;
    assert_eq!((told.status.as_u16(), told.json()["endorsements"].as_array().map(Vec::len)), (200, Some(0)));
    let name = gateway.start_text("ak_name").to_owned();
    let good = endorsement.credential("rsa-2048", &name, &[0x5e; 32]).await;
    let other = endorsement.credential("rsa-2048", &format!("000b{}", "11".repeat(32)), &[0x5e; 32]).await;
    assert_eq!(enroller.ask(&gateway, Some(&other)).await.code(), "enrol.activation");
    let reply = enroller.ask(&gateway, Some(&good)).await;
    assert_eq!((reply.status.as_u16(), bytes(&reply, "secret")), (200, vec![0x5e; 32]));
    // A credential of another key is no fault of the connection.
    assert_eq!(Evidence::of(&gateway).await.verify(&policy(&gateway)).failure(), None);
}

#[tokio::test]
async fn an_attester_that_is_killed_takes_the_proof_along_until_it_is_back_with_the_same_key() {
    let mut swtpm = Swtpm::start().await;
    let attester = Attester::start(&swtpm).await;
    let upstream = Upstream::fixed("{}");
    let gateway = Setup::new(&swtpm, &upstream).with("tpm.tcti", attester.tcti()).start().await;
    let own = |swtpm: &Swtpm| Setup::new(swtpm, &Upstream::fixed("{}"));
    let answer = Attested::to(&gateway).await.ask(&Message::post("/v1/chat/completions", "{}")).await;
    assert_eq!(answer.status(), 200);

    let folder = attester.kill().await;
    for _ in 0..3 {
        assert_eq!(refusal(&gateway).await, (503, "evidence.unavailable".into()));
    }
    assert_eq!(gateway.log.wait("evidence.failed", 1).await["code"], "tpm.unreachable");
    // The socket that it left behind is in nobody's way.
    let attester = Attester::for_user(own(&swtpm), geteuid().as_raw(), folder).await;
    recovered(&gateway).await;
    assert_eq!(gateway.log.count("machine.changed"), 0);

    let folder = attester.kill().await;
    swtpm.kill().await;
    swtpm.forget();
    swtpm.restart().await;
    swtpm.measure_start().await;
    let _other = Attester::for_user(own(&swtpm), geteuid().as_raw(), folder).await;
    let noticed = async {
        while gateway.log.named("evidence.failed").iter().all(|line| line["code"] != "tpm.key") {
            assert_eq!(refusal(&gateway).await, (503, "evidence.unavailable".into()), "another key");
        }
    };
    in_time("the reason in the log", noticed).await;
}

#[tokio::test]
async fn a_tpm_that_hangs_behind_the_attester_is_waited_for_and_used_again() {
    let swtpm = Swtpm::start().await;
    let impatient = |setup: Setup| setup.with("tpm.timeout_ms", 4000);
    let attester = Attester::configured(impatient(Setup::new(&swtpm, &Upstream::fixed("{}")))).await;
    let gateway = impatient(setup(&swtpm, &attester)).start().await;
    swtpm.signal(Signal::STOP);
    assert_eq!(refusal(&gateway).await, (503, "evidence.unavailable".into()));
    assert_eq!(gateway.log.wait("evidence.failed", 1).await["code"], "tpm.timeout");
    swtpm.signal(Signal::CONT);
    recovered(&gateway).await;
}

#[tokio::test]
async fn another_user_and_a_second_connection_get_no_answer() {
    let swtpm = Swtpm::start().await;
    let stranger = geteuid().as_raw() + 1;
    let own = Setup::new(&swtpm, &Upstream::fixed("{}"));
    let attester = Attester::for_user(own, stranger, tempfile::tempdir().unwrap()).await;
    assert_eq!(Raw::connect(&attester.socket()).ask(&message(1, &[])), b"");
    assert_eq!(attester.log.wait("attester.refused", 1).await["reason"], "another user");
    let output = setup(&swtpm, &attester).run("serve").await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("tpm.unreachable"), "{error}");
    attester.stop().await;

    let attester = Attester::start(&swtpm).await;
    let gateway = setup(&swtpm, &attester).start().await;
    let second = Raw::connect(&attester.socket());
    assert_eq!(second.ask(&message(1, &[])), b"");
    assert_eq!(attester.log.wait("attester.refused", 1).await["reason"], "a second connection");
    assert_eq!(refusal(&gateway).await.0, 200, "the first one is served on");
    // And a place is free again when its holder leaves.
    gateway.stop().await;
    drop(Raw::served(&attester.socket()));
}

#[tokio::test]
async fn what_is_no_request_ends_the_connection_and_reaches_no_tpm() {
    let swtpm = Swtpm::start().await;
    let attester = Attester::start(&swtpm).await;
    let command = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0];
    let long = vec![1; 2000];
    for malformed in [
        &command[..],
        &long,
        &message(0, &[]),
        &message(7, &[]),
        &message(1, &[b""]),
        &message(2, &[&[1; 31]]),
        &message(2, &[&[1; 33]]),
        &message(3, &[&[14]]),
        &message(4, &[&[1; 32], &[14]]),
        &message(6, &[b"rsa-2048", b"", &[1; 8]]),
        &[2, 0xff, 0xff, 0xff, 0xff],
    ] {
        let connection = Raw::served(&attester.socket());
        assert_eq!(connection.ask(malformed), b"", "{malformed:?}");
        assert_eq!(connection.ask(&message(1, &[])), b"", "it stays ended");
    }
    // No key is measured where the configuration has none measured.
    let connection = Raw::served(&attester.socket());
    assert_eq!(code(&connection.ask(&message(4, &[&[1; 32]]))), "tpm.pcr_used");
    let quoted = connection.ask(&message(2, &[&[9; 32]]));
    assert_eq!(quoted[0], 0, "and the connection goes on");
    drop(connection);
    attester.stop().await;
    assert_eq!(swtpm.read(15).await, "0".repeat(64));
}

#[tokio::test]
async fn an_attester_that_lies_gets_no_evidence_out() {
    let forgeries: [fn(Vec<u8>) -> Vec<u8>; 5] = [
        // A value, which is the last field; the signature, which is before it; the nonce; a byte too many; another kind of answer.
        |mut answer| {
            *answer.last_mut().unwrap() ^= 1;
            answer
        },
        |mut answer| {
            let at = answer.len() - 4 * 32 - 4 - 1;
            answer[at] ^= 1;
            answer
        },
        |mut answer| {
            // TPMS_ATTEST: magic, type, qualifiedSigner (TPM2B of 34 bytes), extraData.
            answer[5 + 4 + 2 + 36 + 2] ^= 1;
            answer
        },
        |mut answer| {
            answer.push(0);
            answer
        },
        |_| vec![9],
    ];
    for (index, forgery) in forgeries.into_iter().enumerate() {
        let swtpm = Swtpm::start().await;
        let attester = Attester::start(&swtpm).await;
        let forger = Forger::before(&attester, forgery);
        let gateway = Setup::new(&swtpm, &Upstream::fixed("{}")).with("tpm.tcti", forger.tcti()).start().await;
        assert_eq!(refusal(&gateway).await.0, 200);
        forger.forges.store(true, Ordering::Relaxed);
        assert_eq!(refusal(&gateway).await, (503, "evidence.unavailable".into()), "forgery {index}");
        let told = gateway.log.wait("evidence.failed", 1).await["code"].clone();
        assert_eq!(told, if index < 3 { "tpm.quote" } else { "tpm.unreachable" }, "forgery {index}");
        forger.forges.store(false, Ordering::Relaxed);
        recovered(&gateway).await;
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_stop_the_start_by_name() {
    let swtpm = Swtpm::start().await;
    let attester = Attester::start(&swtpm).await;
    let fails = async |setup: Setup, command: &str, parts: &[&str]| {
        let output = setup.run(command).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_ne!(output.status.code(), Some(0), "{command}");
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    };
    let other = setup(&swtpm, &attester).with("attestation.pcrs", vec![0, 4, 7]);
    fails(other, "serve", &["tpm.pcrs", "both processes need the same configuration"]).await;
    fails(setup(&swtpm, &attester), "extend-config", &["config.invalid", "measures no configuration"]).await;
    let relative = setup(&swtpm, &attester).with("tpm.tcti", "attester:socket");
    fails(relative, "check", &["config.invalid", "an absolute path"]).await;
    let nowhere = setup(&swtpm, &attester).with("tpm.tcti", "attester:/nonexistent/socket");
    fails(nowhere, "serve", &["tpm.unreachable", "no attester answers there"]).await;
    fails(setup(&swtpm, &attester), "attester", &["the attester needs --peer UID"]).await;
}
