//! Fresh attestations over HTTP, each client with a nonce of its own: how many a second, how long each waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::{Value, json};

use crate::model::Model;
use crate::process::cpu_us;
use crate::statistics::percentile;
use crate::support::client::{Evidence, policy, random};
use crate::support::http::connect;
use crate::target::Target;

/// Clients that wait at once.
const WAITING: usize = 1000;

const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(6);

/// One in so many is verified, by the real verifier.
const VERIFIED: usize = 100;

/// Attestations a second, and the delay of each in milliseconds.
pub async fn measure() -> Value {
    eprintln!("{WAITING} clients ask for evidence");
    let model = Model::start().await;
    let target = Target::ours(&model, "http", &[]).await;
    let Target::Ours { gateway, .. } = &target else { unreachable!() };
    let policy = Arc::new(policy(gateway));
    let counted = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now() + WARM_UP;
    let end = begin + MEASURED;
    let pid = target.pid();
    let cpu = tokio::spawn(async move {
        tokio::time::sleep_until(begin.into()).await;
        let before = cpu_us(pid);
        tokio::time::sleep_until(end.into()).await;
        cpu_us(pid) - before
    });
    let clients = (0..WAITING).map(|_| {
        let (policy, counted, address) = (Arc::clone(&policy), Arc::clone(&counted), target.address().to_owned());
        tokio::spawn(async move {
            let mut sender = connect(&address).await;
            let mut delays = Vec::new();
            loop {
                let asked = Instant::now();
                if asked >= end {
                    return delays;
                }
                let evidence = ask(&mut sender, &address).await;
                if asked < begin {
                    continue;
                }
                delays.push(asked.elapsed().as_secs_f64() * 1000.0);
                if counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(VERIFIED) {
                    assert_eq!(evidence.verify(&policy).failure(), None);
                }
            }
        })
    });
    let delays: Vec<f64> = join_all(clients).await.into_iter().flat_map(Result::unwrap).collect();
    let cpu = cpu.await.unwrap();
    json!({
        "waiting": WAITING,
        "perSecond": delays.len() as f64 / MEASURED.as_secs_f64(),
        "p50Ms": percentile(delays.iter().copied(), 0.5),
        "p99Ms": percentile(delays.iter().copied(), 0.99),
        "verified": delays.len().div_ceil(VERIFIED),
        "gatewayUs": cpu / delays.len() as f64,
    })
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, address: &str) -> Evidence {
    let nonce = random();
    let request = Request::get(Evidence::path(&nonce)).header("host", address).body(Full::default()).unwrap();
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    Evidence { nonce, bundle: response.into_body().collect().await.unwrap().to_bytes() }
}
