//! From digests to PCR values.

use super::{digest, parse::Log, rules};
use crate::policy::PCR_COUNT;
use alloc::{vec, vec::Vec};

/// One value a PCR, by index; None where the log extends it never.
pub type Values = [Option<Vec<u8>>; PCR_COUNT as usize];

/// Extends every PCR of the bank `algorithm` as the log says: `new = H(old || digest)` (TPM 2.0 Part 1 §17.2). None when the
/// log does not carry the bank, or its hash is not one that [`can_replay`](super::can_replay).
#[must_use]
pub fn replay(log: &Log<'_>, algorithm: u16) -> Option<Values> {
    if !log.algorithms.contains(&algorithm) || !digest::can_replay(algorithm) {
        return None;
    }
    let mut values = Values::default();
    for event in log.events.iter().filter(|event| event.extends()) {
        let Some((index, value)) =
            u8::try_from(event.pcr).ok().and_then(|i| Some((i, values.get_mut(usize::from(i))?)))
        else {
            continue;
        };
        let digest = log.digest(event, algorithm)?;
        let old = value.take().or_else(|| initial(log, index, digest.len()))?;
        *value = digest::digest(algorithm, &[&old, digest]);
    }
    Some(values)
}

/// All ones in the PCRs of a dynamic launch, else zeros; the last byte of PCR 0 is the locality of TPM2_Startup (PFP §3.3.2).
fn initial(log: &Log<'_>, index: u8, length: usize) -> Option<Vec<u8>> {
    let mut value = vec![if matches!(index, 17..=22) { 0xff } else { 0x00 }; length];
    if index == 0 {
        *value.last_mut()? = rules::startup_locality(log, |_| ());
    }
    Some(value)
}
