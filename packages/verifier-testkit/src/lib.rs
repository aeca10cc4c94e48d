//! What tests need in software: a TPM, certificates, boot logs, and a confidential machine. Each also does what no real one would.
//!
//! | module | makes |
//! | --- | --- |
//! | [`tpm`] | structures of TPM 2.0 Part 2, field by field |
//! | [`keys`] | attestation keys, derived from public seeds |
//! | [`der_writer`], [`certificates`] | X.509, each part as it is given |
//! | [`machine`] | boot logs, and the PCRs that follow from them |
//! | [`text`] | hexadecimal, base64 and base64url |
//! | [`tls`] | certificates of servers, and their authorities |
//! | [`cvm`] | the report of a processor, and its certificates |
//!
//! ```
//! use blindllama_testkit::{keys::Keys, tpm::SHA256};
//!
//! let keys = Keys::derive();
//! let signature = keys.ecc.sign(SHA256, b"message"); // TPMT_SIGNATURE
//! assert_eq!(signature[..2], [0x00, 0x18]); // TPM_ALG_ECDSA
//! ```
//!
//! Never part of the product. The program `vectors` of this crate writes `spec/vectors`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what is wrong here ends the test that uses it"
)]

pub mod certificates;
pub mod cvm;
pub mod der_writer;
pub mod keys;
pub mod machine;
pub mod text;
pub mod tls;
pub mod tpm;
