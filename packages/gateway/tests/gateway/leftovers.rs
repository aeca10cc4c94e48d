//! A TPM without resource manager keeps what nobody flushed (TPM 2.0 Part 1 §15.6); and banks that are not active.

use rustix::process::Signal;

use crate::support::{Gateway, Setup, Swtpm, Upstream};

/// Handles of the objects that are loaded.
async fn loaded(swtpm: &Swtpm) -> Vec<String> {
    let text = swtpm.tool("tpm2_getcap", &["handles-transient"]).await;
    text.lines().filter(|line| line.contains("0x80")).map(|line| line.trim_start_matches("- ").to_owned()).collect()
}

async fn start(swtpm: &Swtpm, upstream: &Upstream) -> Gateway {
    Setup::new(swtpm, upstream).start().await
}

#[tokio::test]
async fn every_way_out_leaves_the_tpm_as_it_was() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    start(&swtpm, &upstream).await.stop().await;
    assert_eq!(loaded(&swtpm).await, [""; 0], "after a stop");
    for _ in 0..5 {
        let output = Setup::new(&swtpm, &upstream).run("ak").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(loaded(&swtpm).await, [""; 0], "after `ak`");
    let output = Setup::new(&swtpm, &upstream).with("listen", "192.0.2.1:1").run("serve").await;
    assert!(!output.status.success());
    assert_eq!(loaded(&swtpm).await, [""; 0], "after a start that failed behind the TPM");
}

#[tokio::test]
async fn keys_of_killed_gateways_are_flushed_and_nothing_else() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let folder = tempfile::tempdir().unwrap();
    let context = |name: &str| folder.path().join(name).display().to_string();
    // Two of the three places: a key of another hierarchy by the gateway's own template, and one of another template.
    let (owners, other) = (context("owners"), context("other"));
    let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign";
    for (hierarchy, attributes, file) in
        [("o", attributes, &owners), ("e", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", &other)]
    {
        let arguments = ["-C", hierarchy, "-G", "ecc256:ecdsa-sha256:null", "-a", attributes, "-c", file];
        swtpm.tool("tpm2_createprimary", &arguments).await;
    }
    let theirs = loaded(&swtpm).await;
    assert_eq!(theirs.len(), 2, "swtpm has no resource manager: {theirs:?}");
    let mut names = Vec::new();
    for _ in 0..4 {
        let mut gateway = start(&swtpm, &upstream).await;
        names.push(gateway.start_text("ak_name").to_owned());
        gateway.signal(Signal::KILL);
        gateway.exit().await;
        assert_eq!(loaded(&swtpm).await.len(), 3, "a killed process flushes nothing");
    }
    names.dedup();
    assert_eq!(names.len(), 1, "the same key each time");
    start(&swtpm, &upstream).await.stop().await;
    assert_eq!(loaded(&swtpm).await, theirs);
}

#[tokio::test]
async fn a_bank_that_is_not_active_stops_the_start_by_name() {
    let upstream = Upstream::fixed("{}");
    let mut swtpm = Swtpm::start().await;
    swtpm.tool("tpm2_pcrallocate", &["sha1:none+sha256:all+sha384:none+sha512:none"]).await;
    swtpm.kill().await;
    swtpm.restart().await;
    for command in ["serve", "ak"] {
        let output = Setup::new(&swtpm, &upstream).with("attestation.bank", "sha384").run(command).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        for part in ["tpm.pcrs", "attestation.bank = \"sha384\"", "active banks: sha256)", "tpm2_pcrallocate"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    start(&swtpm, &upstream).await.stop().await;
}
