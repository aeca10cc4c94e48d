//! From digests to PCR values.

use alloc::{vec, vec::Vec};

use super::{digest, finding::Finding, parse::Log};
use crate::{Code, tpm::PCR_COUNT};

const STARTUP_LOCALITY: &[u8] = b"StartupLocality\0";

/// The PCR values of one bank that follow from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    values: Vec<Vec<u8>>,
    /// A bit for each PCR.
    extended: u32,
}

impl Replayed {
    /// None for a PCR that the log extends never.
    #[must_use]
    pub fn get(&self, pcr: u8) -> Option<&[u8]> {
        if self.extended & bit(pcr.into()) == 0 { None } else { Some(self.values.get(usize::from(pcr))?) }
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
    let mut values = Vec::new();
    for pcr in 0..PCR_COUNT {
        // All ones in the PCRs of a dynamic launch.
        values.push(vec![if matches!(pcr, 17..=22) { 0xff } else { 0 }; length]);
    }
    // The locality of TPM2_Startup (PFP §3.3.2).
    *values.first_mut()?.last_mut()? = startup_locality(log, &mut Vec::new());
    let mut extended = 0;
    for event in log.events.iter().filter(|event| event.extends()) {
        let Some(value) = values.get_mut(usize::try_from(event.pcr).ok()?) else { continue };
        *value = digest::digest(algorithm, &[value, log.digest(event, algorithm)?])?;
        extended |= bit(event.pcr);
    }
    Some(Replayed { values, extended })
}

/// The locality that sent TPM2_Startup (PFP §10.4.5.3): 0 where the log says nothing of it. It may say so once, before PCR 0 is
/// extended; what it says otherwise is a finding and has no effect.
pub(super) fn startup_locality(log: &Log<'_>, findings: &mut Vec<Finding>) -> u8 {
    let (mut locality, mut is_late) = (0, false);
    for (position, event) in log.events.iter().enumerate() {
        is_late |= event.extends() && event.pcr == 0;
        if !event.is_remark(STARTUP_LOCALITY) {
            continue;
        }
        match event.data.strip_prefix(STARTUP_LOCALITY) {
            Some(&[value @ (0 | 3 | 4)]) if event.pcr == 0 && !is_late => locality = value,
            _ => findings.push(Finding::at_event(Code::EVENTLOG_STARTUP_LOCALITY, position)),
        }
        is_late = true;
    }
    locality
}
