//! Loads the gateway and a plain reverse proxy on the same HTTP library alike, and tells what the kernel accounts to each.
//! `pnpm bench:gateway` builds and drives it:
//!
//! ```text
//! load cpu [CASE]             one line of JSON on standard output, progress on standard error; CASE: a name, or a part of names
//! load attacks [CASE]         the same
//! load crypto|memory|attestation   the same
//! load floor                  the ratios of `bench/floor.ts`: cryptography, and 1,000 events against the proxy
//! load proxy UPSTREAM 1|2     the plain proxy, which the others start
//! ```
//!
//! Model server and clients run in this process, the gateway (`GATEWAY_PROGRAM`), the proxy and the TPM in their own. This is no
//! `[[bench]]` because those are built without `panic = "abort"`: the proxy must be built as the gateway is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    unreachable_pub,
    missing_docs
)]

mod attacks;
mod attestation;
mod client;
mod cpu;
mod crypto;
mod memory;
mod model;
mod process;
mod proxy;
mod statistics;
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/gateway/support/mod.rs"]
mod support;
mod target;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    allow_many_files();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["proxy", upstream, version] => return proxy::serve(upstream, version == "2").await,
        ["cpu"] => cpu::measure("").await,
        ["cpu", case] => cpu::measure(case).await,
        ["attacks"] => attacks::measure("").await,
        ["attacks", case] => attacks::measure(case).await,
        ["crypto"] => crypto::measure(),
        ["floor"] => floor().await,
        ["memory"] => memory::measure().await,
        ["attestation"] => attestation::measure().await,
        _ => panic!("cpu, crypto, memory, attestation, attacks or floor"),
    };
    println!("{result}");
}

/// What the floor compares, in one run.
async fn floor() -> Value {
    let crypto = crypto::measure();
    let cases = cpu::measure("1000 events").await;
    let events = cases.as_array().unwrap().iter().find(|case| case["answer"] == "1000 events").unwrap();
    json!({ "crypto": crypto, "events": events["padded"]["ratio"]["median"] })
}

/// Every connection is a file, here and in what this process starts.
fn allow_many_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}
