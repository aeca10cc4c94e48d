//! The attester: a TPM 2.0, its attestation key and its quotes. Nothing outside this folder knows `tss-esapi`.
//!
//! A TPM runs one command at a time, so one thread owns it ([`worker`]); the rest of the gateway asks that thread and waits
//! without blocking.

mod ak;
pub mod attester;
pub mod attester_server;
mod backend;
mod check;
mod device;
mod endorsement;
mod leftover;
pub mod measure;
mod pcrs;
mod reach;
mod retry;
pub mod worker;

pub use endorsement::{Activation, Template};
pub use reach::is_tcti;

use std::time::Duration;

use blindllama_verifier::evidence::bundle::Bank;

/// The kind of attestation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on NIST P-256 with SHA-256.
    EccP256,
    /// ECDSA on NIST P-384 with SHA-384.
    EccP384,
    /// RSASSA with 2048 bits and SHA-256.
    Rsa2048,
    /// RSAPSS with 2048 bits and SHA-256.
    Rsapss2048,
}

/// Where the attestation key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Made at every start: a primary of the endorsement hierarchy.
    Primary(KeyKind),
    /// Held by the TPM under this persistent handle (Part 2 §7.4, 0x81000000 to 0x81FFFFFF) with an empty auth value, as clouds
    /// put theirs there.
    Persistent(u32),
}

/// Which TPM, which key, which measurements.
#[derive(Clone, Debug)]
pub struct TpmSettings {
    /// Where the TPM is, in the words of tpm2-tss (`device:/dev/tpmrm0`).
    pub tcti: String,
    /// The attestation key.
    pub key: KeySource,
    /// Longest wait for one quote.
    pub timeout: Duration,
    /// Bank of the quoted PCRs.
    pub bank: Bank,
    /// The PCR selection: indices 0 to 23, ascending and distinct.
    pub selection: Vec<u8>,
}

/// The public side of the attestation key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationKey {
    /// TPMT_PUBLIC (TPM 2.0 Part 2 §12.2.4), bare.
    pub public: Vec<u8>,
    /// Name (Part 1 §16).
    pub name: Vec<u8>,
    /// Qualified name (Part 1 §16).
    pub qualified_name: Vec<u8>,
}

/// One answer of the TPM, and the measurements that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// TPMS_ATTEST (Part 2 §10.12.12), bare.
    pub attest: Vec<u8>,
    /// TPMT_SIGNATURE (Part 2 §11.3.4), bare.
    pub signature: Vec<u8>,
    /// The quoted PCRs: index and value, ascending; their hash is the quote's `pcrDigest`.
    pub pcrs: Vec<(u8, Vec<u8>)>,
    /// Out of `attest`.
    pub counters: Counters,
}

/// How often the TPM was started anew (TPMS_CLOCK_INFO, Part 2 §10.11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// `resetCount`: with new PCRs.
    pub resets: u32,
    /// `restartCount`: with the PCRs of before, or some of them.
    pub restarts: u32,
}
