//! From digests to PCR values.

use alloc::{vec, vec::Vec};

use super::{digest, parse::Log, rules};
use crate::policy::PCR_COUNT;

/// The PCR values of one bank that follow from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// One after the other.
    values: Vec<u8>,
    /// Bytes of one.
    length: usize,
    /// A bit for each PCR.
    extended: u32,
}

impl Replayed {
    /// None for a PCR that the log extends never.
    #[must_use]
    pub fn get(&self, pcr: u8) -> Option<&[u8]> {
        if self.extended & bit(pcr.into()) == 0 { None } else { self.values.chunks_exact(self.length).nth(pcr.into()) }
    }
}

/// A set of one PCR; of none where a TPM has no such.
pub(super) fn bit(pcr: u32) -> u32 {
    if pcr < PCR_COUNT.into() { 1_u32.wrapping_shl(pcr) } else { 0 }
}

/// Extends every PCR of the bank `algorithm` as the log says: `new = H(old || digest)` (TPM 2.0 Part 1 §17.2). None when the
/// log does not carry the bank, or its hash is not implemented here.
#[must_use]
pub fn replay(log: &Log<'_>, algorithm: u16) -> Option<Replayed> {
    let length = digest::length(algorithm)?;
    if !log.algorithms.contains(&algorithm) {
        return None;
    }
    let mut values = vec![0; length.checked_mul(PCR_COUNT.into())?];
    // All ones in the PCRs of a dynamic launch; the last byte of PCR 0 is the locality of TPM2_Startup (PFP §3.3.2).
    values.chunks_exact_mut(length).skip(17).take(6).for_each(|value| value.fill(0xff));
    *values.get_mut(length.checked_sub(1)?)? = rules::startup_locality(log, |_| ());
    let mut extended = 0;
    for event in log.events.iter().filter(|event| event.extends()) {
        let Some(value) = values.chunks_exact_mut(length).nth(usize::try_from(event.pcr).ok()?) else { continue };
        let new = digest::digest(algorithm, &[value, log.digest(event, algorithm)?])?;
        value.iter_mut().zip(new).for_each(|(old, new)| *old = new);
        extended |= bit(event.pcr);
    }
    Some(Replayed { values, length, extended })
}
