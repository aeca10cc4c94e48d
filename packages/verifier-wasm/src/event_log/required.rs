//! Does the log account for the PCRs that the policy wants explained?

use super::{explain::Explanation, finding::Finding, parse::parse};
use crate::{Code, evidence::bundle::Bank, policy::is_reset_value};

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
    let log = parse(log)?;
    let value = |pcr| quoted.iter().find(|(index, _)| *index == pcr).map(|(_, value)| *value);
    let follows = |pcr: u8, replayed: Option<&[u8]>| {
        value(pcr)
            .is_some_and(|value| replayed.map_or_else(|| is_reset_value(pcr, value), |replayed| replayed == value))
    };
    let mut explanation = Explanation::new(log, bank.algorithm_id(), follows).ok_or(Code::EVENTLOG_BANK)?;
    let replayed = |pcr: u8| explanation.replayed.get(usize::from(pcr)).and_then(Option::as_deref);
    let unexplained = quoted.iter().map(|(pcr, _)| *pcr).filter(|pcr| !follows(*pcr, replayed(*pcr))).collect();
    let failed = |pcr: &&u8| !follows(**pcr, replayed(**pcr));
    if let Some(pcr) = replay.iter().filter(failed).find(|pcr| replayed(**pcr).is_none()) {
        return Err(Finding::of_pcr(Code::EVENTLOG_NO_EVENTS, *pcr));
    }
    if let Some(finding) = explanation.findings.iter().find(|finding| finding.refuses(replay)) {
        return Err(*finding);
    }
    if let Some(pcr) = replay.iter().find(failed) {
        return Err(Finding::of_pcr(Code::EVENTLOG_REPLAY, *pcr));
    }
    explanation.unexplained = unexplained;
    Ok(explanation)
}
