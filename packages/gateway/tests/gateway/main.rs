//! The gateway as it runs: the program itself, a TPM (swtpm, which must be installed), a model server made for the test, and a client
//! that verifies before it sends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    unreachable_pub,
    missing_docs
)]

mod access;
mod admission;
mod attester;
mod channel;
mod cloud;
mod cloud_enrolment;
mod connections;
mod drain;
mod enrolment;
mod evidence;
mod faithful;
mod fleet;
mod fleet_tls;
mod http2;
mod inherited;
mod interop;
mod leftovers;
mod lifecycle;
mod limits;
mod machine;
mod memory;
mod models;
mod operation;
mod peer;
mod prompt_cache;
mod receipts;
mod router;
mod starving;
mod streaming;
mod support;
mod tls;
mod tokens;
mod tpm;
mod uploads;
mod upstreams;
