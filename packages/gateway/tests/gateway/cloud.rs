//! An attestation key that somebody else put into the TPM and certified, as clouds do.

use blindllama_testkit::cvm::{Machine, certificate::signed, demanded};
use blindllama_testkit::keys::Keys;
use blindllama_verifier::evidence::bundle::{Bundle, Static};
use blindllama_verifier::{Code, Verdict};
use serde_json::json;

use crate::support::client::{Evidence, policy};
use crate::support::cloud::{ATTRIBUTES, Authority, HANDLE};
use crate::support::outage::outlive;
use crate::support::{Gateway, Setup, Swtpm, Upstream};

const ECC: &str = "ecc256:ecdsa-sha256:null";

/// The policy of a page that trusts the authority with this root and nobody else.
fn policy_by(authority: &Authority, gateway: &Gateway) -> serde_json::Value {
    let mut policy = policy(gateway);
    policy["anchors"] =
        json!([{ "kind": "custom-ca", "rootSha256": authority.root_sha256(), "hierarchy": "endorsement" }]);
    policy["acceptAssurance"] = json!(["operator-ca"]);
    policy
}

#[tokio::test]
async fn passes_the_verifier_by_its_certificate_with_every_kind_of_key() {
    let (upstream, authority, other) = (Upstream::fixed("{}"), Authority::new().await, Authority::new().await);
    for (key, algorithm) in [
        (ECC, "ecdsa-p256-sha256"),
        ("ecc256:ecdsa-sha384:null", "ecdsa-p256-sha384"),
        ("ecc384:ecdsa-sha512:null", "ecdsa-p384-sha512"),
        ("rsa2048:rsassa-sha256:null", "rsassa-2048-sha256"),
        ("rsa2048:rsassa-sha512:null", "rsassa-2048-sha512"),
        ("rsa2048:rsapss-sha384:null", "rsapss-2048-sha384"),
    ] {
        let swtpm = Swtpm::start().await;
        swtpm.keep_key(key, ATTRIBUTES).await;
        let chain = authority.certify(&swtpm).await;
        let gateway =
            Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE).with("attestation.ak_chain", chain).start().await;
        let evidence = Evidence::of(&gateway).await;
        let verdict = evidence.verify(&policy_by(&authority, &gateway));
        assert!(matches!(verdict, Verdict::Passed { .. }), "{key}: {}", verdict.to_json());
        let report: serde_json::Value = serde_json::from_str(&verdict.to_json()).unwrap();
        assert_eq!(report["ak"]["algorithm"], algorithm);
        assert_eq!(report["assurance"], "operator-ca");
        assert_eq!(
            evidence.verify(&policy_by(&other, &gateway)).failure(),
            Some(Code::CHAIN_ROOT),
            "another authority"
        );
    }
}

#[tokio::test]
async fn the_chain_of_another_authority_is_refused() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let (authority, other) = (Authority::new().await, Authority::new().await);
    swtpm.keep_key(ECC, ATTRIBUTES).await;
    let others = other.certify(&swtpm).await;
    // The root that is pinned, under which the leaf was never signed.
    let mixed = vec![others[0].clone(), authority.root.display().to_string()];
    for (chain, expected) in [(others, Code::CHAIN_ROOT), (mixed, Code::CHAIN_SIGNATURE)] {
        let setup = Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE).with("attestation.ak_chain", chain);
        let gateway = setup.start().await;
        let verdict = Evidence::of(&gateway).await.verify(&policy_by(&authority, &gateway));
        assert_eq!(verdict.failure(), Some(expected), "{}", verdict.to_json());
        gateway.stop().await;
    }
}

/// The genuine gateway on somebody else's machine of the same cloud ("cuckoo"): the cloud certified its key as well.
#[tokio::test]
async fn a_machine_that_the_operator_enrolled_passes_and_a_strangers_in_the_same_cloud_does_not() {
    let (upstream, enrolled, strangers) = (Upstream::fixed("{}"), Swtpm::start().await, Swtpm::start().await);
    let (cloud, operator, stranger) = (Authority::new().await, Authority::new().await, Authority::new().await);
    let start = async |swtpm: &Swtpm, own: Option<&Authority>| {
        let mut setup = Setup::new(swtpm, &upstream)
            .with("tpm.handle", HANDLE)
            .with("attestation.ak_chain", cloud.certify(swtpm).await);
        if let Some(own) = own {
            setup = setup.with("attestation.more_chains", vec![own.certify(swtpm).await]);
        }
        setup.start().await
    };
    enrolled.keep_key("rsa2048:rsassa-sha256:null", ATTRIBUTES).await;
    strangers.keep_key("rsa2048:rsassa-sha256:null", ATTRIBUTES).await;
    // Under the rules for Azure, whose root is any that is not another cloud's.
    let azure = json!({ "kind": "azure", "rootSha256": cloud.root_sha256() });
    let authority = json!({ "kind": "custom-ca", "rootSha256": operator.root_sha256() });

    let gateway = start(&enrolled, Some(&operator)).await;
    let evidence = Evidence::of(&gateway).await;
    let name = policy(&gateway)["anchors"][0]["name"].clone();
    let list =
        json!({ "kind": "ak-name", "names": [format!("000b{}", "11".repeat(32)), name], "assurance": "cloud-vtpm" });
    let judged = |evidence: &Evidence, gateway: &Gateway, own: &serde_json::Value| {
        let mut policy = policy(gateway);
        policy["anchors"] = json!([{ "allOf": [azure, own] }]);
        policy["acceptAssurance"] = json!(["cloud-vtpm"]);
        evidence.verify(&policy)
    };
    for own in [&authority, &list] {
        let verdict = judged(&evidence, &gateway, own);
        assert!(matches!(verdict, Verdict::Passed { .. }), "{own}: {}", verdict.to_json());
    }
    gateway.stop().await;

    for own in [None, Some(&stranger)] {
        let gateway = start(&strangers, own).await;
        let evidence = Evidence::of(&gateway).await;
        for own in [&authority, &list] {
            let verdict = judged(&evidence, &gateway, own);
            assert_eq!(verdict.failure(), Some(Code::AK_ALL_OF), "{own}: {}", verdict.to_json());
        }
        let mut alone = policy(&gateway);
        alone["anchors"] = json!([azure]);
        alone["acceptAssurance"] = json!(["cloud-vtpm"]);
        assert_eq!(evidence.verify(&alone).failure(), None, "the cloud alone does not tell them apart");
        gateway.stop().await;
    }

    let (own, others) = (cloud.certify(&strangers).await, operator.certify(&enrolled).await);
    let setup = Setup::new(&strangers, &upstream).with("tpm.handle", HANDLE).with("attestation.ak_chain", own);
    let output = setup.with("attestation.more_chains", vec![others]).run("serve").await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("attestation.more_chains") && error.contains("chain.key_mismatch"), "{error}");
}

#[tokio::test]
async fn a_tpm_that_comes_back_has_the_same_key_and_another_tpm_has_none() {
    let (upstream, mut swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    swtpm.keep_key("rsa2048:rsassa-sha256:null", ATTRIBUTES).await;
    let gateway = Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE).start().await;
    outlive(&gateway, &mut swtpm).await;
}

#[tokio::test]
async fn what_no_client_would_take_stops_the_start() {
    let (upstream, authority, swtpm) = (Upstream::fixed("{}"), Authority::new().await, Swtpm::start().await);
    let setup = || Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE);
    let refused = async |setup: Setup, places: &[&str]| {
        let output = setup.run("serve").await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(places.iter().all(|place| error.contains(place)), "{places:?}: {error}");
    };
    refused(setup(), &["tpm.key", HANDLE]).await;
    swtpm.keep_key(ECC, "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign").await;
    refused(setup(), &["tpm.key", "ak.attributes"]).await;
    swtpm.tool("tpm2_evictcontrol", &["-C", "o", "-c", HANDLE]).await;

    swtpm.keep_key(ECC, ATTRIBUTES).await;
    let chain = authority.certify(&swtpm).await;
    let (leaf, root) = (chain[0].as_str(), chain[1].as_str());
    let with_chain = |files: &[&str]| {
        setup().with("attestation.ak_chain", files.iter().map(|&file| file.to_owned()).collect::<Vec<_>>())
    };
    let folder = tempfile::tempdir().unwrap();
    let (text, long, garbled) = (folder.path().join("text"), folder.path().join("long"), folder.path().join("garbled"));
    std::fs::write(&text, "Bag Attributes\n-----BEGIN CERTIFICATE-----\n").unwrap();
    std::fs::write(&garbled, "0\u{1}").unwrap();
    std::fs::write(&long, vec![0; 9000]).unwrap();
    let (text, long, garbled) = (text.to_str().unwrap(), long.to_str().unwrap(), garbled.to_str().unwrap());
    refused(with_chain(&[leaf, "/nowhere"]), &["config.read", "/nowhere"]).await;
    refused(with_chain(&[leaf, garbled]), &["config.invalid", "attestation.ak_chain", garbled, "chain.encoding"]).await;
    refused(with_chain(&[leaf, text]), &["config.invalid", "attestation.ak_chain", text, "PEM", "-outform DER"]).await;
    refused(with_chain(&[long, root]), &["config.invalid", "attestation.ak_chain", long, "bundle.size"]).await;
    refused(with_chain(&[root, leaf]), &["config.invalid", "attestation.ak_chain", root, "chain.key_mismatch"]).await;
    let with_report = |report: &str| {
        let certificates = vec![leaf.to_owned(), root.to_owned(), root.to_owned()];
        setup().with("attestation.platform_report", report).with("attestation.platform_certificates", certificates)
    };
    refused(with_report(text), &["config.invalid", "attestation.platform_report", text, "platform.report"]).await;
    refused(with_report(long), &["config.invalid", "attestation.platform_report", long, "bundle.size"]).await;
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_sent_from_then_on() {
    let (upstream, authority, mut swtpm) = (Upstream::fixed("{}"), Authority::new().await, Swtpm::start().await);
    swtpm.keep_key(ECC, ATTRIBUTES).await;
    let chain = authority.certify(&swtpm).await;
    let leaf = chain[0].clone();
    // As it stands in NVRAM.
    let padded = [std::fs::read(&leaf).unwrap(), vec![0; 500]].concat();
    std::fs::write(&leaf, &padded).unwrap();
    swtpm.share().await;
    let gateway =
        Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE).with("attestation.ak_chain", chain).start().await;
    let sent = async || {
        let evidence = Evidence::of(&gateway).await;
        assert_eq!(evidence.verify(&policy_by(&authority, &gateway)).failure(), None);
        let bundle = Bundle::decode(&evidence.bundle).unwrap();
        Static::decode(bundle.static_part.unwrap()).unwrap().ak_chain[0].to_vec()
    };
    assert_eq!(sent().await, padded);

    std::fs::write(&leaf, "half of a file").unwrap();
    gateway.log.wait("release.failed", 1).await;
    assert_eq!(sent().await, padded, "a file that cannot be read changes nothing");

    authority.certify(&swtpm).await;
    gateway.log.wait("release.read", 1).await;
    assert_eq!(sent().await, std::fs::read(&leaf).unwrap());
}

#[tokio::test]
async fn a_confidential_machine_is_proven_by_its_report() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    swtpm.keep_key("rsa2048:rsassa-sha256:null", ATTRIBUTES).await;
    let setup = Setup::new(&swtpm, &upstream).with("tpm.handle", HANDLE);
    let key: serde_json::Value = serde_json::from_slice(&setup.run("ak").await.stdout).unwrap();
    let public = key["public"].as_str().unwrap();
    // It ends in the modulus.
    let modulus: Vec<u8> = (public.len() - 512..public.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&public[at..at + 2], 16).unwrap())
        .collect();
    let (machine, mut keys) = (Machine::new(modulus), Keys::derive());
    let certificates = signed(&machine.certificates, &keys);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let names = ["vcek.der", "ask.der", "ark.der"].iter().zip(&certificates);
    let gateway = setup
        .with("attestation.platform_report", write("report", &machine.hcl(&keys)))
        .with("attestation.platform_certificates", names.map(|(name, bytes)| write(name, bytes)).collect::<Vec<_>>())
        .start()
        .await;
    let mut policy = policy(&gateway);
    policy["anchors"] =
        json!([{ "kind": "ak-name", "name": key["name"], "assurance": "cloud-vtpm", "hierarchy": "endorsement" }]);
    policy["acceptAssurance"] = json!(["cvm-bound"]);
    policy["platform"] = demanded(&keys);
    let verdict = Evidence::of(&gateway).await.verify(&policy);
    assert!(matches!(verdict, Verdict::Passed { .. }), "{}", verdict.to_json());
    let report: serde_json::Value = serde_json::from_str(&verdict.to_json()).unwrap();
    assert_eq!(report["assurance"], "cvm-bound");

    std::mem::swap(&mut keys.vcek, &mut keys.p384);
    write("report", &machine.hcl(&keys));
    gateway.log.wait("release.read", 1).await;
    let verdict = Evidence::of(&gateway).await.verify(&policy);
    assert_eq!(verdict.failure(), Some(Code::PLATFORM_SIGNATURE), "the report of another processor");
}
