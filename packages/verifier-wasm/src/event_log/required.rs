//! Does the log account for the PCRs that the policy wants explained?

use alloc::vec::Vec;

use super::{allowed, explain::Explanation, finding::Finding, parse::parse, rule::EventRule};
use crate::{
    Code,
    evidence::bundle::{Bank, EventLog},
};

/// The one kind of log that is read: TCG PC Client (PROTOCOL.md §3).
const PC_CLIENT: u64 = 1;

/// What a policy asks of a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRequirements<'a> {
    pub(crate) bank: Bank,
    /// The PCRs that must follow from the log, ascending.
    pub(crate) replayed: &'a [u8],
    /// Of these, the PCRs whose events are told apart, and how.
    pub(crate) events: &'a [(u8, Vec<EventRule<'a>>)],
}

/// The values `quoted`, of the demanded bank, must be those of the quote's selection, proven by its digest. Every PCR to be replayed
/// must be among them and follow from the log; what else was quoted and does not is listed as `unexplained`.
///
/// # Errors
///
/// `eventlog.missing` without a log; the codes of [`parse()`](super::parse()) and [`replay()`](super::replay());
/// `eventlog.no_events` and `eventlog.replay` for a PCR to be replayed; the code of a finding that makes the log unusable;
/// `eventlog.event_refused` and `eventlog.event_missing`.
pub(crate) fn required<'a>(
    logs: &[EventLog<'a>],
    requirements: &LogRequirements<'_>,
    quoted: &[(u8, &[u8])],
) -> Result<Explanation<'a>, Finding> {
    let log = logs.iter().find(|log| log.kind == PC_CLIENT).ok_or(Code::EVENTLOG_MISSING)?;
    let algorithm = requirements.bank.algorithm_id();
    let explanation = Explanation::new(parse(log.bytes)?, algorithm, Some(quoted))?;
    if let Some(finding) = refusal(&explanation, quoted, requirements) {
        return Err(finding);
    }
    for (pcr, rules) in requirements.events {
        allowed::check(&explanation.log, algorithm, *pcr, rules)?;
    }
    Ok(explanation)
}

/// That events are missing explains most; then what is wrong with the log; then that it does not fit.
fn refusal(
    explanation: &Explanation<'_>,
    quoted: &[(u8, &[u8])],
    requirements: &LogRequirements<'_>,
) -> Option<Finding> {
    let mut mismatch = None;
    for pcr in requirements.replayed {
        let is_quoted = quoted.iter().any(|(index, _)| index == pcr);
        if is_quoted && !explanation.unexplained.contains(pcr) {
            continue;
        }
        if explanation.replayed.get(*pcr).is_none() {
            return Some(Finding::of_pcr(Code::EVENTLOG_NO_EVENTS, *pcr));
        }
        mismatch = mismatch.or(Some(Finding::of_pcr(Code::EVENTLOG_REPLAY, *pcr)));
    }
    let refusing = explanation.findings.iter().find(|finding| finding.refuses(requirements));
    refusing.copied().or(mismatch)
}
