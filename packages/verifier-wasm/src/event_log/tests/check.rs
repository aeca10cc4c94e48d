//! The step, as the tests of it ask for it.

use super::machine::{Entry, SHA1, SHA256, log, tpm};
use crate::{
    Code,
    event_log::{Explanation, Finding, LogRequirements, parse, required},
    evidence::bundle::{Bank, EventLog},
};

/// The PCRs that policies replay where they do not say which: 0-9 and 11-14.
pub(super) const REPLAY: [u8; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14];

/// The step, without rules for single events.
pub(super) fn explained<'a>(
    log: &'a [u8],
    bank: Bank,
    quoted: &[(u8, &[u8])],
    replayed: &[u8],
) -> Result<Explanation<'a>, Finding> {
    required(&[EventLog { kind: 1, bytes: log }], &LogRequirements { bank, replayed, events: &[] }, quoted)
}

/// The step, with every PCR of `tpm` quoted.
pub(super) fn check<'a>(log: &'a [u8], tpm: &[Vec<u8>], replay: &[u8]) -> Result<Explanation<'a>, Finding> {
    let quoted: Vec<(u8, &[u8])> = (0..).zip(tpm.iter().map(Vec::as_slice)).collect();
    explained(log, Bank::Sha256, &quoted, replay)
}

/// The step's answer for a log of `entries` and the TPM of a machine that measured `truth`.
pub(super) fn refusal(entries: &[Entry], truth: &[Entry]) -> Option<(Code, Option<u8>)> {
    let log = log(&[SHA1, SHA256], entries);
    let finding = check(&log, &tpm(SHA256, 0, truth), &REPLAY).err();
    finding.map(|finding| (finding.code, finding.pcr))
}

/// The explanation of a log whose own digests are taken as proven.
pub(super) fn explain(log: &[u8], algorithm: u16) -> Explanation<'_> {
    Explanation::new(parse(log).unwrap(), algorithm, None).unwrap()
}

/// The codes of the rules that a log of these entries breaks.
pub(super) fn findings(entries: &[Entry]) -> Vec<(Code, Option<usize>, Option<u8>)> {
    let log = log(&[SHA256], entries);
    explain(&log, SHA256).findings.iter().map(|finding| (finding.code, finding.event, finding.pcr)).collect()
}
