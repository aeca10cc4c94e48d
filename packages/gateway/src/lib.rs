//! The server's half of BlindLlama Web: proves with a TPM what runs here, opens the requests that only it can open, and hands
//! them to a model server (docs/PROTOCOL.md).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod attestation;
pub mod base64url;
pub mod bhttp;
pub mod budget;
mod challenge;
pub mod channel;
pub mod clock;
pub mod config;
pub mod digest;
pub mod enrolment;
pub mod failure;
pub mod files;
pub mod hex;
pub mod log;
pub mod ohttp;
pub mod operation;
pub mod pause;
pub mod peer;
pub mod phase;
pub mod problem;
pub mod process;
pub mod random;
pub mod receipt;
pub mod scrub;
pub mod server;
pub mod signing;
pub mod tpm;
pub mod upstream;
pub mod varint;
pub mod verification;
