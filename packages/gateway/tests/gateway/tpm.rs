//! A TPM that is busy, falsifies, or is extended while it quotes; and more nonces than it is asked for at once.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rustix::process::Signal;
use tokio::time::{sleep, timeout};

use crate::support::client::{Evidence, policy, random};
use crate::support::http::{Reply, get};
use crate::support::shared::{TpmFault, TpmFaults};
use crate::support::{Gateway, Setup, Swtpm, Upstream, in_time};

async fn started() -> (Swtpm, TpmFaults, Gateway) {
    let mut swtpm = Swtpm::start().await;
    let faults = swtpm.share().await;
    let pcrs = vec![0, 4, 7, 12, 16];
    let gateway = Setup::new(&swtpm, &Upstream::fixed("{}")).with("attestation.pcrs", pcrs).start().await;
    (swtpm, faults, gateway)
}

/// PCR 16 changes in ordinary use.
fn policy_of(gateway: &Gateway) -> serde_json::Value {
    let mut policy = policy(gateway);
    policy["pcrs"]["rules"]["16"] = "unchecked".into();
    policy
}

async fn ask(gateway: &Gateway) -> Reply {
    get(&gateway.address, &Evidence::path(&random())).await
}

/// A quote that the TPM falsifies is answered with nothing, and the log says why. Then the TPM is used again.
async fn is_kept_back(fault: TpmFault, times: usize, code: &str) {
    let (_swtpm, faults, gateway) = started().await;
    let policy = policy_of(&gateway);
    faults.push(vec![fault; times]);
    let refusal = ask(&gateway).await;
    assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (503, "evidence.unavailable"), "{fault:?}");
    assert_eq!(gateway.log.wait("evidence.failed", 1).await["code"], code, "{fault:?}");
    assert_eq!(faults.left(), 0);
    let recovered = async { while ask(&gateway).await.status != 200 {} };
    in_time("the TPM that is honest again", recovered).await;
    assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), None);
}

#[tokio::test]
async fn a_quote_whose_signature_does_not_hold_is_kept_back() {
    is_kept_back(TpmFault::Forged, 1, "tpm.quote").await;
}

#[tokio::test]
async fn a_quote_over_other_data_is_kept_back() {
    is_kept_back(TpmFault::Replayed, 1, "tpm.quote").await;
}

#[tokio::test]
async fn measurements_that_never_stand_still_are_not_attested() {
    is_kept_back(TpmFault::Changed, 5, "tpm.pcrs").await;
}

#[tokio::test]
async fn measurements_that_change_during_a_quote_are_quoted_again() {
    for times in [1, 4] {
        let (_swtpm, faults, gateway) = started().await;
        let policy = policy_of(&gateway);
        faults.push(vec![TpmFault::Changed; times]);
        // Quote and values agree.
        assert_eq!(Evidence::of(&gateway).await.verify(&policy).failure(), None, "{times}");
        assert_eq!((faults.left(), gateway.log.count("evidence.failed")), (0, 0));
    }
}

/// tpm2-tss itself asks five times.
#[tokio::test]
async fn a_busy_tpm_is_asked_again() {
    let (_swtpm, faults, gateway) = started().await;
    faults.push(vec![TpmFault::Busy; 12]);
    assert_eq!(ask(&gateway).await.status, 200);
    assert_eq!((faults.left(), gateway.log.count("evidence.failed")), (0, 0));
}

#[tokio::test]
async fn more_nonces_than_configured_do_not_wait() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let gateway = Setup::new(&swtpm, &upstream).with("limits.waiting", 2).start().await;
    swtpm.signal(Signal::STOP);
    let mut replies: FuturesUnordered<_> = (0..4).map(|_| ask(&gateway)).collect();
    for _ in 0..2 {
        let refusal = replies.next().await.unwrap();
        assert_eq!((refusal.status.as_u16(), refusal.code().as_str()), (503, "evidence.busy"));
        assert!(refusal.headers.contains_key("retry-after"));
    }
    // By now the last quote is too old for an answer without another one, for which a crowd leaves room.
    sleep(Duration::from_millis(2500)).await;
    let health = get(&gateway.address, "/blindllama/v1/health");
    tokio::pin!(health);
    assert!(timeout(Duration::from_millis(300), &mut health).await.is_err(), "it waits for a quote");
    swtpm.signal(Signal::CONT);
    assert_eq!(health.await.status, 200);
    while let Some(reply) = replies.next().await {
        assert_eq!(reply.status, 200, "what had a place is answered");
    }
}
