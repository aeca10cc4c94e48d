//! From digests to PCR values.

use alloc::{vec, vec::Vec};

use super::{digest, event_type::EV_EFI_HCRTM_EVENT, finding::Finding, parse::Log};
use crate::{Code, tpm::PCR_COUNT};

const STARTUP_LOCALITY: &[u8] = b"StartupLocality\0";
/// What PCR 0 starts with where an H-CRTM was measured before TPM2_Startup (TPM 2.0 Part 1 §34.3).
const H_CRTM: u8 = 4;

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

/// Extends every PCR of the bank `algorithm` as the log says: `new = H(old || digest)` (TPM 2.0 Part 1 §17.2).
///
/// # Errors
///
/// `eventlog.bank` when the log does not carry the bank, or its hash is not implemented here; `eventlog.digest_missing` with the
/// position of the first extending event that has no digest of it.
pub fn replay(log: &Log<'_>, algorithm: u16) -> Result<Replayed, Finding> {
    let length = digest::length(algorithm).filter(|_| log.algorithms.contains(&algorithm));
    let length = length.ok_or(Code::EVENTLOG_BANK)?;
    let mut values = Vec::new();
    for pcr in 0..PCR_COUNT {
        // All ones in the PCRs of a dynamic launch.
        values.push(vec![if matches!(pcr, 17..=22) { 0xff } else { 0 }; length]);
    }
    if let Some(last) = values.first_mut().and_then(|value| value.last_mut()) {
        *last = startup_locality(log, &mut Vec::new());
    }
    let mut extended = 0;
    for (position, event) in log.events.iter().enumerate().filter(|(_, event)| event.extends()) {
        let missing = || Finding::at_event(Code::EVENTLOG_DIGEST_MISSING, position);
        let measured = log.digest(event, algorithm).ok_or_else(missing)?;
        let Some(value) = usize::try_from(event.pcr).ok().and_then(|pcr| values.get_mut(pcr)) else { continue };
        *value = digest::digest(algorithm, &[value, measured]).ok_or(Code::EVENTLOG_BANK)?;
        extended |= bit(event.pcr);
    }
    Ok(Replayed { values, extended })
}

/// What the last byte of PCR 0 starts with: 4 where the first event that extends PCR 0 is EV_EFI_HCRTM_EVENT (PFP §10.4.1), else
/// the locality that sent TPM2_Startup (PFP §10.4.5.3), 0 where the log says nothing of it. It may say so once, before PCR 0 is
/// extended, and with an H-CRTM event it says 4: what it says otherwise is a finding and has no effect.
pub(super) fn startup_locality(log: &Log<'_>, findings: &mut Vec<Finding>) -> u8 {
    let (mut locality, mut is_late, mut is_extended) = (None, false, false);
    for (position, event) in log.events.iter().enumerate() {
        let is_told = event.is_remark(STARTUP_LOCALITY);
        let extends = event.extends() && event.pcr == 0;
        let is_wrong = match event.data.strip_prefix(STARTUP_LOCALITY) {
            Some(&[value @ (0 | 3 | 4)]) if is_told && event.pcr == 0 && !is_late => {
                locality = Some(value);
                false
            }
            _ if extends && !is_extended && event.kind == EV_EFI_HCRTM_EVENT => {
                locality.replace(H_CRTM).is_some_and(|told| told != H_CRTM)
            }
            _ => is_told,
        };
        if is_wrong {
            findings.push(Finding::at_event(Code::EVENTLOG_STARTUP_LOCALITY, position));
        }
        is_extended |= extends;
        is_late |= is_told || extends;
    }
    locality.unwrap_or_default()
}
