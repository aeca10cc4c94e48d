//! The structures of TPM 2.0 Part 2 that evidence carries, decoded strictly: big-endian, bare (never wrapped in a TPM2B),
//! to the last byte. Their names are the specification's.

mod attest;
mod attestation_key;
#[cfg(test)]
mod oracles;
mod pcr;
mod pcr_selection;
mod public;
mod reader;
mod scheme;
mod signature;

pub(crate) use attest::Attest;
pub(crate) use attestation_key::AttestationKey;
pub(crate) use pcr::{PCR_COUNT, is_reset_value};
pub(crate) use pcr_selection::PcrSelection;
pub(crate) use public::Public;
pub(crate) use scheme::Scheme;
pub(crate) use signature::{Signature, SignatureValue};
