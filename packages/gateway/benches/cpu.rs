//! CPU time of the gateway itself, a request:
//!
//! ```sh
//! cargo build --profile gateway -p blindllama-gateway
//! GATEWAY_PROGRAM=$PWD/target/gateway/blindllama-gateway cargo bench --profile dev -p blindllama-gateway --bench cpu
//! ```
//!
//! The model server and the clients run in this process; only what the kernel accounts to the gateway's process counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    unreachable_pub,
    missing_docs
)]

#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../tests/gateway/support/mod.rs"]
mod support;

use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use support::client::Attested;
use support::http::connect;
use support::upstream::whole;
use support::{Message, Setup, Swtpm, Upstream};

const CLIENTS: usize = 8;

/// Requests of each case; the kernel counts in steps of 10 ms.
const REQUESTS: usize = 2000;

#[tokio::main]
async fn main() {
    println!("{:32} {:>12} {:>12}", "answer", "µs/request", "MB/CPU s");
    let event = format!("data: {}\n\n", "x".repeat(192));
    for (name, media_type, body) in [
        ("217 bytes", "application/json", "x".repeat(217)),
        ("200 events of 200 bytes", "text/event-stream", event.repeat(200)),
        ("1000 events of 200 bytes", "text/event-stream", event.repeat(1000)),
        ("1 MiB at once", "application/octet-stream", "x".repeat(1 << 20)),
    ] {
        let bytes = body.len();
        let body: &'static str = Box::leak(body.into_boxed_str());
        let upstream = Upstream::start(move |_| {
            Some(http::Response::builder().header("content-type", media_type).body(whole(body)).unwrap())
        });
        let swtpm = Swtpm::start().await;
        let gateway = Setup::new(&swtpm, &upstream).with("log.level", "info").start().await;
        let attested = Attested::to(&gateway).await;
        run(&attested, 50).await;
        let before = cpu_us(gateway.pid());
        run(&attested, REQUESTS / CLIENTS).await;
        let spent = (cpu_us(gateway.pid()) - before) as f64;
        let each = spent / REQUESTS as f64;
        println!("{name:32} {each:>12.1} {:>12.0}", bytes as f64 / each);
        gateway.stop().await;
    }
}

/// Processor time that a process used so far, in microseconds (proc(5): `utime` and `stime`, in ticks of 10 ms).
fn cpu_us(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind_name: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |field: usize| behind_name[field - 3].parse::<u64>().unwrap();
    (ticks(14) + ticks(15)) * 10_000
}

/// Each client sends `count` requests, one after the other on one connection.
async fn run(attested: &Attested, count: usize) {
    join_all((0..CLIENTS).map(|_| async move {
        let mut sender = connect(&attested.address).await;
        for _ in 0..count {
            let message = Message::post("/v1/chat/completions", r#"{"messages":[{"role":"user","content":"hello"}]}"#);
            let request = attested.request(Full::from(attested.seal(&[&message.encode()]).body));
            sender.ready().await.unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            response.into_body().collect().await.unwrap();
        }
    }))
    .await;
}
