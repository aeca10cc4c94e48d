//! From raw TPM evidence and a policy to a verdict: may a prompt be sent, and encrypted to which key?
//!
//! [`verify`](verify()) is a function of its input alone: no clock, no network, no memory. It answers with a [`Verdict`];
//! an [`AttestedKey`] exists only inside a passed one. The specification is `docs/PROTOCOL.md` of the repository.
//!
//! | module | holds |
//! | --- | --- |
//! | [`verify`](verify()) | the policy as a sequence of steps, each one line |
//! | `policy`, `verdict` | what the caller demands, what the caller gets |
//! | [`evidence`] | the one definition of the wire, with which the gateway writes |
//! | `quote`, `tpm`, `signature` | what a quote proves, its structures, who signed it |
//! | [`event_log`] | what the measurements behind the PCRs were |
//! | `platform` | which machine holds the attestation key |
//! | `x509` | who certified the attestation key |
//! | `state` | what is remembered of earlier verdicts |
//! | `attester` | what no client would read, for the gateway |
//! | `certified` | what a client decides of a chain alone, for the gateway |
//! | `enrolment` | which TPM holds an attestation key, for the command |
//! | `channel_key` | from proven claims to the one key |
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(not(target_family = "wasm"))]
pub mod attester;
#[cfg(not(target_family = "wasm"))]
mod certified;
mod channel_key;
mod code;
mod decimal;
mod digits;
#[cfg(any(test, feature = "inspect"))]
mod enrolment;
pub mod event_log;
pub mod evidence;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod hash;
#[cfg(feature = "inspect")]
pub mod inspect;
mod json;
mod lines;
mod little_endian;
mod platform;
mod policy;
mod quote;
mod receipt;
mod rejection;
mod release;
#[cfg(all(target_family = "wasm", feature = "wasm"))]
mod runtime;
mod shown;
mod signature;
mod state;
mod tpm;
#[cfg(feature = "vectors")]
pub mod vectors;
mod verdict;
mod verify;
#[cfg(feature = "wasm")]
pub mod wasm;
mod x509;

#[cfg(not(target_family = "wasm"))]
pub use certified::judge_chain;
pub use code::Code;
pub use policy::{Assurance, Suite};
pub use receipt::{CurrentStatus, Exchange, Receipt};
pub use verdict::{AttestedKey, Report, Status, Step, StepId, Verdict};
pub use verify::{Input, verify};
