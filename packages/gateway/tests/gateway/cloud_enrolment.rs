//! `blindllama-gateway enrol`: what a cloud leaves in the TPM of a machine becomes files, and makes a proof.

use std::path::Path;

use serde_json::json;

use crate::support::client::{Evidence, policy};
use crate::support::cloud::{ATTRIBUTES, Authority, HANDLE};
use crate::support::{Setup, Swtpm, Upstream};

const RSA: &str = "rsa2048:rsassa-sha256:null";
const AZURE_CERTIFICATE: &str = "0x01C101D0";
const AZURE_REPORT: &str = "0x01400001";
const GOOGLE_CERTIFICATE: &str = "0x01C10002";
const GOOGLE_TEMPLATE: &str = "0x01C10003";

struct Ran {
    code: Option<i32>,
    out: String,
    error: String,
}

async fn enrol(setup: &Setup, cloud: &str, folder: &Path) -> Ran {
    let output = setup.run_with(&["enrol", cloud, "--out", &folder.display().to_string()]).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
}

/// A file that must not be there.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

async fn proves(setup: Setup, leaf: &Path, authority: &Authority) {
    let chain = vec![leaf.display().to_string(), authority.root.display().to_string()];
    let gateway = setup.with("attestation.ak_chain", chain).start().await;
    let mut policy = policy(&gateway);
    policy["anchors"] = json!([{ "kind": "custom-ca", "rootSha256": authority.root_sha256() }]);
    policy["acceptAssurance"] = json!(["operator-ca"]);
    assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), None);
    gateway.stop().await;
}

#[tokio::test]
async fn the_certificate_of_azures_key_becomes_a_file() {
    let (swtpm, authority, folder) = (Swtpm::start().await, Authority::new().await, tempfile::tempdir().unwrap());
    let setup = || Setup::new(&swtpm, &Upstream::fixed("{}"));
    let out = folder.path().join("files");
    let without_handle = enrol(&setup(), "--azure", &out).await;
    assert!(without_handle.error.contains("config.invalid") && without_handle.error.contains("0x81000003"));
    let setup = || setup().with("tpm.handle", HANDLE);
    let no_key = enrol(&setup(), "--azure", &out).await;
    assert!(no_key.error.contains("enrol.certificate") && no_key.error.contains("no key is under"), "{}", no_key.error);
    swtpm.keep_key(RSA, ATTRIBUTES).await;
    let nothing = enrol(&setup(), "--azure", &out).await;
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.error.contains("0x1c101d0 is not defined"), "{}", nothing.error);
    assert!(!out.exists());

    let files = authority.certify(&swtpm).await;
    let leaf = std::fs::read(&files[0]).unwrap();
    // NVRAM is as large as its largest content.
    swtpm.write_nv(AZURE_CERTIFICATE, &[&leaf[..], &[0; 700]].concat()).await;
    let first = enrol(&setup(), "--azure", &out).await;
    assert_eq!(first.code, Some(0), "{}", first.error);
    assert_eq!(std::fs::read(out.join("leaf.der")).unwrap(), leaf, "without what follows in NVRAM");
    for line in ["tpm.handle = 0x81000003", "leaf.der: its certificate, written; ", "blindllama enrol chain --azure"] {
        assert!(first.out.contains(line), "{line}: {}", first.out);
    }
    assert!(!first.out.contains("platform_report") && !out.join("hcl-report.bin").exists());

    swtpm.write_nv(AZURE_REPORT, &[7; 2048]).await;
    let again = enrol(&setup(), "--azure", &out).await;
    assert!(again.out.contains("leaf.der: its certificate, unchanged"), "{}", again.out);
    let report = out.join("hcl-report.bin").canonicalize().unwrap();
    assert_eq!(std::fs::read(&report).unwrap(), [7; 2048]);
    // The printed lines are TOML.
    let printed: toml::Table = toml::from_str(&again.out).unwrap();
    assert_eq!(printed["tpm"]["handle"].as_integer(), Some(0x8100_0003));
    assert_eq!(printed["attestation"]["platform_report"].as_str(), report.to_str());
    proves(setup(), &out.join("leaf.der"), &authority).await;
}

#[tokio::test]
async fn the_certificate_of_another_key_is_no_file() {
    let (swtpm, other, authority) = (Swtpm::start().await, Swtpm::start().await, Authority::new().await);
    for swtpm in [&swtpm, &other] {
        swtpm.keep_key(RSA, ATTRIBUTES).await;
    }
    let others = authority.certify(&other).await;
    swtpm.write_nv(AZURE_CERTIFICATE, &std::fs::read(&others[0]).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&swtpm, &Upstream::fixed("{}")).with("tpm.handle", HANDLE);
    let ran = enrol(&setup, "--azure", folder.path()).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.error.contains("enrol.certificate") && ran.error.contains("chain.key_mismatch"), "{}", ran.error);
    assert!(is_empty(folder.path()));
    swtpm.tool("tpm2_nvundefine", &["-C", "o", AZURE_CERTIFICATE]).await;
    swtpm.write_nv(AZURE_CERTIFICATE, b"no certificate").await;
    let ran = enrol(&setup, "--azure", folder.path()).await;
    assert!(ran.error.contains("enrol.certificate") && ran.error.contains("chain."), "{}", ran.error);
    assert!(is_empty(folder.path()));
}

/// The template that a cloud leaves in NVRAM, and the key that follows from it, as tpm2-tools make it: then the handle is free again.
async fn google_key(swtpm: &Swtpm, authority: &Authority) -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    // TPM2B, little-endian, of 32 zeros in 128 bytes: x and y.
    let coordinate = [&[0x20, 0][..], &[0; 128]].concat();
    std::fs::write(path("unique"), coordinate.repeat(2)).unwrap();
    let made = ["-C", "e", "-g", "sha256", "-G", "ecc256:ecdsa-sha256:null", "-a", ATTRIBUTES];
    let files = ["-u", &path("unique"), "-c", &path("key")];
    swtpm.tool("tpm2_createprimary", &[&made[..], &files].concat()).await;
    swtpm.tool("tpm2_evictcontrol", &["-C", "o", "-c", &path("key"), HANDLE]).await;
    swtpm.tool("tpm2_flushcontext", &["-t"]).await;
    swtpm.tool("tpm2_readpublic", &["-c", HANDLE, "-f", "tss", "-o", &path("public")]).await;
    let certificate = std::fs::read(&authority.certify(swtpm).await[0]).unwrap();
    swtpm.tool("tpm2_evictcontrol", &["-C", "o", "-c", HANDLE]).await;
    let mut template = std::fs::read(path("public")).unwrap().split_off(2);
    let unique = template.len() - 68;
    template.truncate(unique);
    template.extend([&[0, 0x20][..], &[0; 32]].concat().repeat(2));
    (template, certificate)
}

#[tokio::test]
async fn googles_key_is_made_of_its_template_and_kept() {
    let (swtpm, authority, folder) = (Swtpm::start().await, Authority::new().await, tempfile::tempdir().unwrap());
    let setup = || Setup::new(&swtpm, &Upstream::fixed("{}")).with("tpm.handle", HANDLE);
    let (template, certificate) = google_key(&swtpm, &authority).await;
    let nothing = enrol(&setup(), "--gcp", folder.path()).await;
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.error.contains("0x1c10003 is not defined; NV 0x1c10001 is not defined"), "{}", nothing.error);

    // The template alone, then with the certificate of another machine's key: no key is kept.
    swtpm.write_nv(GOOGLE_TEMPLATE, &template).await;
    let other = Swtpm::start().await;
    let (_, others) = google_key(&other, &authority).await;
    for others in [None, Some(others)] {
        if let Some(others) = &others {
            swtpm.write_nv(GOOGLE_CERTIFICATE, others).await;
        }
        let refused = enrol(&setup(), "--gcp", folder.path()).await;
        assert!(refused.error.contains("enrol.certificate"), "{}", refused.error);
        assert!(refused.error.contains("chain.key_mismatch") == others.is_some(), "{}", refused.error);
        assert_eq!(swtpm.tool("tpm2_getcap", &["handles-persistent"]).await.trim(), "", "no key is kept");
        assert_eq!(swtpm.tool("tpm2_getcap", &["handles-transient"]).await.trim(), "", "no key stays loaded");
    }
    assert!(is_empty(folder.path()));

    swtpm.tool("tpm2_nvundefine", &["-C", "o", GOOGLE_CERTIFICATE]).await;
    swtpm.write_nv(GOOGLE_CERTIFICATE, &certificate).await;
    let first = enrol(&setup(), "--gcp", folder.path()).await;
    assert_eq!(first.code, Some(0), "{}", first.error);
    assert!(first.out.contains("made of the cloud's template"), "{}", first.out);
    assert_eq!(std::fs::read(folder.path().join("leaf.der")).unwrap(), certificate);
    let again = enrol(&setup(), "--gcp", folder.path()).await;
    assert!(!again.out.contains("template") && again.out.contains("unchanged"), "{}", again.out);
    assert_eq!(swtpm.tool("tpm2_getcap", &["handles-transient"]).await.trim(), "");
    proves(setup(), &folder.path().join("leaf.der"), &authority).await;
}

#[tokio::test]
async fn options_of_enrol_are_checked() {
    let swtpm = Swtpm::start().await;
    let setup = Setup::new(&swtpm, &Upstream::fixed("{}"));
    for wrong in [
        &["enrol"][..],
        &["enrol", "--azure"],
        &["enrol", "--out", "/tmp"],
        &["enrol", "--azure", "--gcp", "--out", "/tmp"],
        &["ak", "--azure"],
        &["ak", "--out", "/tmp"],
        &["enrol", "ak"],
    ] {
        let output = setup.run_with(wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
