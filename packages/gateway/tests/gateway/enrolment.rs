//! Enrolment of the attestation key (PROTOCOL.md §22): credentials made by tpm2-tools, and strangers who ask.

use std::time::Duration;

use blindllama_testkit::certificates::{Chain, Draft, key, key_info, purposes, tag, tlv};
use blindllama_verifier::evidence::bundle::Bundle;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::client::{Evidence, policy};
use crate::support::cloud::{ATTRIBUTES, Authority, HANDLE};
use crate::support::enroller::{Endorsement, Enroller, PATH, bytes, challenge, post};
use crate::support::http::{begun, get, read_some, request};
use crate::support::{Setup, Swtpm, Upstream, in_time};

const VALUE: [u8; 32] = [0x5e; 32];

async fn evidence_is_good(gateway: &crate::support::Gateway) {
    assert_eq!(Evidence::of(gateway).await.verify(&policy(gateway)).failure(), None);
}

#[tokio::test]
async fn without_a_key_there_is_no_enrolment() {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &Upstream::fixed("{}")).start().await;
    let replies = [get(&gateway.address, PATH).await, post(&gateway, "{}").await];
    for reply in replies {
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "request.not_found"));
    }
}

#[tokio::test]
async fn certificates_are_told_as_they_stand_in_nvram() {
    let swtpm = Swtpm::start().await;
    let enroller = Enroller::new(1);
    let gateway = enroller.welcomed(&swtpm).await;
    let none = enroller.ask(&gateway, None).await;
    assert_eq!((none.status.as_u16(), &none.json()["endorsements"]), (200, &json!([])));
    gateway.stop().await;
    let (rsa, ecc) = ([vec![0x30; 1300], vec![0; 100]].concat(), vec![0x31; 700]);
    swtpm.write_nv("0x01C0000A", &ecc).await;
    swtpm.write_nv("0x01C00002", &rsa).await;
    let gateway = enroller.welcomed(&swtpm).await;
    let told = enroller.ask(&gateway, None).await;
    let expected = json!([
        { "template": "rsa-2048", "certificate": blindllama_gateway::base64url::encode(&rsa) },
        { "template": "ecc-p256", "certificate": blindllama_gateway::base64url::encode(&ecc) },
    ]);
    assert_eq!(told.json()["endorsements"], expected);
    let name = [&[0, 0x0b][..], &blindllama_gateway::digest::sha256(&bytes(&told, "akPublic"))].concat();
    assert_eq!(gateway.start_text("ak_name"), blindllama_gateway::hex::hex(&name));
    evidence_is_good(&gateway).await;
}

/// Each makes an endorsement key: far more of them than a TPM has places for, if one stayed loaded.
#[tokio::test]
async fn a_credential_for_the_attestation_key_is_activated() {
    let swtpm = Swtpm::start().await;
    let endorsement = Endorsement::of(&swtpm).await;
    let enroller = Enroller::new(1);
    let gateway = enroller.welcomed(&swtpm).await;
    for template in ["rsa-2048", "ecc-p256", "rsa-2048", "ecc-p256", "rsa-2048"] {
        let credential = endorsement.credential(template, gateway.start_text("ak_name"), &VALUE).await;
        let reply = enroller.ask(&gateway, Some(&credential)).await;
        assert_eq!(reply.status, 200, "{template}: {}", gateway.log.text());
        assert_eq!(bytes(&reply, "secret"), VALUE, "{template}");
    }
    evidence_is_good(&gateway).await;
    let log = gateway.whole_log().await;
    assert_eq!(log.count("enrolment"), 5);
    assert!(!log.text().contains(&blindllama_gateway::base64url::encode(&VALUE)));
}

#[tokio::test]
async fn a_credential_of_another_name_or_another_tpm_is_not() {
    let swtpm = Swtpm::start().await;
    let (own, others) = (Endorsement::of(&swtpm).await, Endorsement::of(&Swtpm::start().await).await);
    let enroller = Enroller::new(1);
    let gateway = enroller.welcomed(&swtpm).await;
    let name = gateway.start_text("ak_name").to_owned();
    let other_name = format!("000b{}", "11".repeat(32));
    for template in ["rsa-2048", "ecc-p256"] {
        let good = own.credential(template, &name, &VALUE).await;
        let mut changed = good.clone();
        *changed.credential.last_mut().unwrap() ^= 1;
        let of_another_name = own.credential(template, &other_name, &VALUE).await;
        let of_another_tpm = others.credential(template, &name, &VALUE).await;
        for (what, credential) in [("name", of_another_name), ("TPM", of_another_tpm), ("bytes", changed)] {
            let reply = enroller.ask(&gateway, Some(&credential)).await;
            let said = (reply.status.as_u16(), reply.code());
            assert_eq!(said, (400, "enrol.activation".into()), "{template} {what}: {}", gateway.log.text());
        }
        assert_eq!(enroller.ask(&gateway, Some(&good)).await.status, 200, "{template}");
    }
    evidence_is_good(&gateway).await;
}

/// What an enrolment rests on: a TPM that has only the public area of a key authorizes nothing with it, so a key in software cannot be
/// enrolled by a genuine TPM.
#[tokio::test]
async fn a_key_whose_public_area_alone_is_loaded_is_not_activated() {
    let (genuine, other) = (Swtpm::start().await, Swtpm::start().await);
    let endorsement = Endorsement::of(&genuine).await;
    let path = |file: &str| endorsement.path(file);
    let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign";
    let made = ["-C", "e", "-G", "ecc256:ecdsa-sha256:null", "-a", attributes, "-c"];
    other.tool("tpm2_createprimary", &[&made[..], &[&path("ak.ctx")]].concat()).await;
    other.tool("tpm2_readpublic", &["-c", &path("ak.ctx"), "-o", &path("ak.pub"), "-n", &path("ak.name")]).await;
    let name = blindllama_gateway::hex::hex(&std::fs::read(path("ak.name")).unwrap());
    endorsement.credential("rsa-2048", &name, &VALUE).await;
    genuine.tool("tpm2_loadexternal", &["-C", "n", "-u", &path("ak.pub"), "-c", &path("ak.ctx")]).await;
    genuine.tool("tpm2_startauthsession", &["--policy-session", "-S", &path("session")]).await;
    genuine.tool("tpm2_policysecret", &["-S", &path("session"), "-c", "e"]).await;
    let session = format!("session:{}", path("session"));
    let activate = ["-c", &path("ak.ctx"), "-C", &path("rsa.ctx"), "-i", &path("credential"), "-o", &path("out")];
    let error = genuine.failing_tool("tpm2_activatecredential", &[&activate[..], &["-P", &session]].concat()).await;
    // TPM_RC_AUTH_UNAVAILABLE (TPM 2.0 Part 2 §6.6.3)
    assert!(error.contains("0x12F"), "{error}");
}

/// The TPM stands still: a request that reached it would not be answered.
#[tokio::test]
async fn strangers_reach_no_tpm() {
    let swtpm = Swtpm::start().await;
    let (enroller, stranger) = (Enroller::new(1), Enroller::new(2));
    let gateway = enroller.welcomed(&swtpm).await;
    let used = challenge(&gateway).await;
    let request = enroller.request(&used, None).to_string();
    assert_eq!(post(&gateway, request.clone()).await.status, 200);
    swtpm.signal(Signal::STOP);
    let fresh = challenge(&gateway).await;
    assert_ne!(fresh, used);
    let mut signed_by_another = enroller.request(&fresh, None);
    signed_by_another["signature"] = stranger.request(&fresh, None)["signature"].clone();
    let mut of_another_challenge = enroller.request(&used, None);
    of_another_challenge["challenge"] = enroller.request(&fresh, None)["challenge"].clone();
    for (body, status, code) in [
        (stranger.request(&fresh, None).to_string(), 403, "enrol.refused"),
        (signed_by_another.to_string(), 403, "enrol.refused"),
        (of_another_challenge.to_string(), 403, "enrol.refused"),
        (request, 403, "enrol.challenge"),
        (enroller.request(&[0; 32], None).to_string(), 403, "enrol.challenge"),
        ("{}".into(), 400, "enrol.request"),
        (" ".repeat(17_000), 400, "enrol.request"),
    ] {
        let reply = post(&gateway, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{body}");
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
    swtpm.signal(Signal::CONT);
    assert_eq!(
        post(&gateway, enroller.request(&fresh, None).to_string()).await.status,
        200,
        "strangers used nothing up"
    );
    assert_eq!(gateway.log.count("enrolment.refused"), 0, "strangers fill no log");
    evidence_is_good(&gateway).await;
}

#[tokio::test]
async fn no_page_is_let_in() {
    let swtpm = Swtpm::start().await;
    let gateway = Enroller::new(1).setup(&swtpm).with("cors.origins", vec!["*"]).start().await;
    let ask = |method, path: &str| {
        let builder = http::Request::builder().method(method).uri(format!("http://{}{path}", gateway.address));
        builder.header("origin", "https://chat.example")
    };
    let preflight = request(&gateway.address, ask("OPTIONS", PATH)).await;
    assert_eq!((preflight.status.as_u16(), preflight.code().as_str()), (405, "request.method"));
    assert_eq!(preflight.headers["allow"], "GET, POST");
    let reply = request(&gateway.address, ask("GET", PATH)).await;
    assert_eq!(reply.status, 200);
    for headers in [preflight.headers, reply.headers] {
        assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")), "{headers:?}");
    }
    let queried = get(&gateway.address, &format!("{PATH}?x=1")).await;
    assert_eq!((queried.status.as_u16(), queried.code().as_str()), (400, "request.query"));
}

#[tokio::test]
async fn one_enrolment_is_at_the_tpm_and_quotes_go_on() {
    let swtpm = Swtpm::start().await;
    let enroller = Enroller::new(1);
    let gateway = enroller.welcomed(&swtpm).await;
    swtpm.signal(Signal::STOP);
    let used = challenge(&gateway).await;
    let first = post(&gateway, enroller.request(&used, None).to_string());
    tokio::pin!(first);
    // Another challenge is given once this one is used, on the way to the TPM.
    let admitted = async { while challenge(&gateway).await == used {} };
    tokio::select! {
        _ = &mut first => panic!("the TPM stands still"),
        () = in_time("the first enrolment's admission", admitted) => {}
    }
    let second = enroller.ask(&gateway, None).await;
    assert_eq!((second.status.as_u16(), second.code().as_str()), (503, "enrol.busy"));
    assert!(second.headers.contains_key("retry-after"));
    let policy = policy(&gateway);
    let evidence = Evidence::of(&gateway);
    tokio::pin!(evidence);
    assert!(timeout(Duration::from_millis(300), &mut evidence).await.is_err(), "it waits behind the enrolment");
    swtpm.signal(Signal::CONT);
    let (first, evidence) = in_time("both", async { tokio::join!(first, evidence) }).await;
    assert_eq!(first.status, 200);
    assert_eq!(evidence.verify(&policy).failure(), None);
    for _ in 0..19 {
        assert_eq!(enroller.ask(&gateway, None).await.status, 200);
    }
    let counted = enroller.ask(&gateway, None).await;
    assert_eq!((counted.status.as_u16(), counted.code().as_str()), (503, "enrol.busy"), "20 within a minute");
    evidence_is_good(&gateway).await;
}

const RSA: &str = "rsa2048:rsassa-sha256:null";

/// The verdict on fresh evidence by a page that trusts the authority with this root; evidence with another chain follows within moments.
async fn judged_by(authority: &Authority, gateway: &crate::support::Gateway) -> Option<blindllama_verifier::Code> {
    let mut policy = policy(gateway);
    policy["anchors"] = json!([{ "kind": "custom-ca", "rootSha256": authority.root_sha256() }]);
    policy["acceptAssurance"] = json!(["operator-ca"]);
    Evidence::of(gateway).await.verify(&policy).failure()
}

async fn until_judged(
    authority: &Authority,
    gateway: &crate::support::Gateway,
    expected: Option<blindllama_verifier::Code>,
) {
    let reached = async {
        while judged_by(authority, gateway).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    in_time("the verdict", reached).await;
}

#[tokio::test]
async fn an_installed_chain_is_in_the_evidence_beside_the_configured_ones() {
    let swtpm = Swtpm::start().await;
    swtpm.keep_key(RSA, ATTRIBUTES).await;
    let (configured, installed) = (Authority::new().await, Authority::new().await);
    let enroller = Enroller::new(1);
    let files = configured.certify(&swtpm).await;
    let chain = installed.certify(&swtpm).await;
    for with_file in [false, true] {
        let mut setup = enroller.setup(&swtpm).with("tpm.handle", HANDLE);
        if with_file {
            setup = setup.with("attestation.ak_chain", files.clone());
        }
        let gateway = setup.start().await;
        assert!(judged_by(&installed, &gateway).await.is_some(), "nothing vouches for the key yet");
        let reply = enroller.install(&gateway, &chain).await;
        assert_eq!(reply.status, 200, "{}", gateway.log.text());
        until_judged(&installed, &gateway, None).await;
        assert_eq!(judged_by(&configured, &gateway).await.is_none(), with_file);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_renewed_chain_takes_the_place_of_the_older_one_of_its_authority() {
    let swtpm = Swtpm::start().await;
    swtpm.keep_key(RSA, ATTRIBUTES).await;
    let authority = Authority::new().await;
    let files = authority.certify(&swtpm).await;
    let older = std::fs::read(&files[0]).unwrap();
    let enroller = Enroller::new(1);
    let setup = enroller.setup(&swtpm).with("tpm.handle", HANDLE);
    let kept = tempfile::tempdir().unwrap();
    let configured = kept.path().join("leaf.der").display().to_string();
    std::fs::write(&configured, &older).unwrap();
    let gateway = setup.with("attestation.ak_chain", vec![configured, files[1].clone()]).start().await;
    let renewed = authority.certify(&swtpm).await;
    let newer = std::fs::read(&renewed[0]).unwrap();
    assert_ne!(older, newer);
    assert_eq!(enroller.install(&gateway, &renewed).await.status, 200);
    let shows = async |der: &[u8]| {
        let evidence = Evidence::of(&gateway).await;
        evidence.bundle.windows(der.len()).any(|bytes| bytes == der)
    };
    let replaced = async {
        while !shows(&newer).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    in_time("the renewed certificate", replaced).await;
    assert!(!shows(&older).await, "clients would use the first of the two");
}

/// A chain that lasts as long as the test is kept, for the key under [`HANDLE`].
async fn drafted(swtpm: &Swtpm) -> Chain {
    let mut chain = Chain::new(1);
    for certificate in &mut chain.0 {
        certificate.not_after = tlv(tag::UTC_TIME, "491231235959Z");
    }
    chain.0[0].key_info = swtpm.kept_key_info().await;
    chain.0[0].extensions.push(purposes(&[b"\x67\x81\x05\x08\x03"]));
    chain
}

#[tokio::test]
async fn a_chain_that_clients_would_refuse_is_not_installed() {
    let swtpm = Swtpm::start().await;
    swtpm.keep_key(RSA, ATTRIBUTES).await;
    let drafts = drafted(&swtpm).await;
    let good = drafts.signed();
    let with = |index: usize, change: fn(&mut Draft)| {
        let mut chain = drafts.clone();
        change(&mut chain.0[index]);
        chain.signed()
    };
    let mut forged = good.clone();
    *forged[1].last_mut().unwrap() ^= 1;
    let enroller = Enroller::new(1);
    let gateway = enroller.setup(&swtpm).with("tpm.handle", HANDLE).start().await;
    let static_part = async || *Bundle::decode(&Evidence::of(&gateway).await.bundle).unwrap().static_hash;
    let before = static_part().await;
    let mut refused = 0;
    for (chain, fault) in [
        (forged, "certificate 1: chain.signature"),
        (with(0, |leaf| leaf.not_after = tlv(tag::UTC_TIME, "250601000000Z")), "certificate 0: chain.expired"),
        (
            with(1, |authority| authority.not_after = tlv(tag::UTC_TIME, "250601000000Z")),
            "certificate 1: chain.expired",
        ),
        (with(0, |leaf| leaf.not_before = tlv(tag::UTC_TIME, "480601000000Z")), "certificate 0: chain.not_yet_valid"),
        (with(0, |leaf| leaf.key_info = key_info(&key(1))), "certificate 0: chain.key_mismatch"),
        (with(0, |leaf| drop(leaf.extensions.pop())), "certificate 0: chain.leaf_purpose"),
        (vec![good[0].clone(), good[2].clone(), good[1].clone()], "certificate 2: chain.issuer"),
        (vec![good[0].clone(), good[2].clone()], "certificate 0: chain.issuer"),
    ] {
        let request = enroller.install_request(&challenge(&gateway).await, &chain).to_string();
        let reply = post(&gateway, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "enrol.chain"), "{fault}");
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.starts_with(&format!("{fault}: ")), "{fault}: {detail}");
        refused += 1;
        let logged = gateway.log.wait("enrolment.refused", refused).await;
        assert_eq!(logged["detail"], detail);
    }
    assert_eq!(static_part().await, before, "nothing was installed");
    let request = enroller.install_request(&challenge(&gateway).await, &good).to_string();
    assert_eq!(post(&gateway, request).await.status, 200, "{}", gateway.log.text());
    gateway.log.wait("release.read", 1).await;
    assert_ne!(static_part().await, before);
    assert_eq!(gateway.log.count("certificate.ends"), 0, "it lasts");
}

#[tokio::test]
async fn an_installed_chain_that_ends_soon_is_warned_of() {
    let swtpm = Swtpm::start().await;
    swtpm.keep_key(RSA, ATTRIBUTES).await;
    let authority = Authority::new().await;
    let chain = authority.certify(&swtpm).await;
    let enroller = Enroller::new(1);
    let gateway = enroller.setup(&swtpm).with("tpm.handle", HANDLE).start().await;
    assert_eq!(enroller.install(&gateway, &chain).await.status, 200);
    let warned = gateway.log.wait("certificate.ends", 1).await;
    assert_eq!((&warned["level"], &warned["file"]), (&json!("warn"), &json!("installed chain")));
    // The authority certifies for two days, of which a moment has passed.
    assert!([1, 2].map(Into::into).contains(&warned["days"]), "{warned}");
}

#[tokio::test]
async fn a_chain_that_no_client_would_read_is_not_installed() {
    let (swtpm, other) = (Swtpm::start().await, Swtpm::start().await);
    for swtpm in [&swtpm, &other] {
        swtpm.keep_key(RSA, ATTRIBUTES).await;
    }
    let authority = Authority::new().await;
    let own = authority.certify(&swtpm).await;
    let own: Vec<_> = own.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let others: Vec<_> = authority.certify(&other).await.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let (enroller, stranger) = (Enroller::new(1), Enroller::new(2));
    let gateway = enroller.setup(&swtpm).with("tpm.handle", HANDLE).start().await;
    let mut damaged = own.clone();
    damaged[0].truncate(100);
    for chain in [&others, &damaged, &vec![vec![], vec![]]] {
        let request = enroller.install_request(&challenge(&gateway).await, chain).to_string();
        let reply = post(&gateway, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "enrol.chain"));
    }
    let request = stranger.install_request(&challenge(&gateway).await, &own);
    let reply = post(&gateway, request.to_string()).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "enrol.refused"));
    // Another chain than the one that was signed for.
    let mut exchanged = enroller.install_request(&challenge(&gateway).await, &others);
    exchanged["chain"] = enroller.install_request(&[0; 32], &own)["chain"].clone();
    let reply = post(&gateway, exchanged.to_string()).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "enrol.refused"));
    assert!(judged_by(&authority, &gateway).await.is_some(), "nothing was installed");
    let request = enroller.install_request(&challenge(&gateway).await, &own).to_string();
    assert_eq!(post(&gateway, request.clone()).await.status, 200);
    let replayed = post(&gateway, request).await;
    assert_eq!((replayed.status.as_u16(), replayed.code().as_str()), (403, "enrol.challenge"));
    until_judged(&authority, &gateway, None).await;
}

/// Whoever begins a request and stops has a place as long as nobody else wants it: without an end to them, each holds its bytes for ten
/// seconds, on as many connections as there may be.
#[tokio::test]
async fn requests_that_do_not_come_to_their_end_make_room_for_those_that_begin() {
    let (swtpm, enroller) = (Swtpm::start().await, Enroller::new(1));
    let gateway = enroller.welcomed(&swtpm).await;
    let mut first = begun(&gateway.address, PATH, 64).await;
    // All have come by then, and stayed for longer than a crowd that comes at once may.
    sleep(Duration::from_secs(3)).await;
    let _second = begun(&gateway.address, PATH, 64).await;
    for stranger in &mut first {
        let answer = in_time("the answer to a stranger", read_some(stranger)).await;
        assert!(answer.starts_with("HTTP/1.1 429") || answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("enrol.busy"), "{answer}");
    }
    assert_eq!(enroller.ask(&gateway, None).await.status, 200);
}
