//! The structures of TPM 2.0 Part 2 that evidence carries, decoded strictly: big-endian, bare (never wrapped in a TPM2B),
//! to the last byte. Their names are the specification's.

mod attest;
#[cfg(test)]
mod oracles;
mod pcr_selection;
mod public;
mod reader;
mod signature;

/// Number of PCRs of the TCG PC Client Platform TPM Profile.
pub(crate) const PCR_COUNT: u8 = 24;

pub(crate) use attest::Attest;
pub(crate) use pcr_selection::PcrSelection;
pub(crate) use public::Public;
pub(crate) use signature::{Signature, SignatureValue};
