//! Does the log account for the PCRs that the policy wants explained?

use super::{explain::Explanation, finding::Finding, parse::parse};
use crate::{Code, evidence::bundle::Bank};

/// The values `quoted`, of the bank `bank`, must be those of the quote's selection, proven by its digest. Every PCR of `replay`
/// must be among them and follow from the log; what else was quoted and does not is listed as `unexplained`.
///
/// # Errors
///
/// The codes of [`parse()`](super::parse()); `eventlog.bank` when the log lacks the bank; `eventlog.no_events` and
/// `eventlog.replay` for a PCR of `replay`; the code of a finding that makes the log unusable.
pub fn required<'a>(
    log: &'a [u8],
    bank: Bank,
    quoted: &[(u8, &[u8])],
    replay: &[u8],
) -> Result<Explanation<'a>, Finding> {
    let explanation = Explanation::new(parse(log)?, bank.algorithm_id(), Some(quoted)).ok_or(Code::EVENTLOG_BANK)?;
    match refusal(&explanation, quoted, replay) {
        Some(finding) => Err(finding),
        None => Ok(explanation),
    }
}

/// That events are missing explains most; then what is wrong with the log; then that it does not fit.
fn refusal(explanation: &Explanation<'_>, quoted: &[(u8, &[u8])], replay: &[u8]) -> Option<Finding> {
    let mut mismatch = None;
    for pcr in replay {
        let is_quoted = quoted.iter().any(|(index, _)| index == pcr);
        if is_quoted && !explanation.unexplained.contains(pcr) {
            continue;
        }
        if explanation.replayed.get(*pcr).is_none() {
            return Some(Finding::of_pcr(Code::EVENTLOG_NO_EVENTS, *pcr));
        }
        mismatch = mismatch.or(Some(Finding::of_pcr(Code::EVENTLOG_REPLAY, *pcr)));
    }
    explanation.findings.iter().copied().find(|finding| finding.refuses(replay)).or(mismatch)
}
