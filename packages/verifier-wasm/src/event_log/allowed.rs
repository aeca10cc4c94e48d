//! Rules of a policy for single events (PROTOCOL.md §16).

use alloc::vec::Vec;

use super::{
    finding::Finding,
    measured::Expected,
    parse::{Event, Log},
    rule::{Allowed, EventRule, VariableRule},
    variable::Variable,
};
use crate::{Code, hash::sha256};

/// Each rule in turn takes the next events of `pcr` as long as they match it.
///
/// # Errors
///
/// `eventlog.event_refused` for the first event that no rule takes where it stands, `eventlog.event_missing` where a rule has too few.
pub(super) fn check(log: &Log<'_>, algorithm: u16, pcr: u8, rules: &[EventRule<'_>]) -> Result<(), Finding> {
    let mut rules = rules.iter();
    let (mut rule, mut taken) = (rules.next(), 0_u64);
    for (position, event) in log.events.iter().enumerate() {
        if !event.extends() || event.pcr != u32::from(pcr) {
            continue;
        }
        // The rules before the one that takes the event end here, each with what it took.
        loop {
            let Some(EventRule { allowed, times: [least, most] }) = rule else { return refused(position, pcr) };
            if taken < *most && allowed.matches(event, algorithm, log) {
                taken = taken.saturating_add(1);
                break;
            }
            if taken < *least {
                return refused(position, pcr);
            }
            (rule, taken) = (rules.next(), 0);
        }
    }
    while let Some(EventRule { times: [least, _], .. }) = rule {
        if taken < *least {
            return Err(Finding::of_pcr(Code::EVENTLOG_EVENT_MISSING, pcr));
        }
        (rule, taken) = (rules.next(), 0);
    }
    Ok(())
}

fn refused(position: usize, pcr: u8) -> Result<(), Finding> {
    Err(Finding { code: Code::EVENTLOG_EVENT_REFUSED, event: Some(position), pcr: Some(pcr) })
}

impl Allowed<'_> {
    fn matches(&self, event: &Event<'_>, algorithm: u16, log: &Log<'_>) -> bool {
        let digest = log.digest(event, algorithm).unwrap_or_default();
        match self {
            Self::Digests(digests) => digests.iter().any(|allowed| allowed == digest),
            // Types are not hashed: whatever was measured and reads as the variable is the variable.
            Self::Variable(rule) => {
                Expected { algorithm, digest }.is_of(&[event.data])
                    && Variable::read_whole(event.data).is_some_and(|variable| rule.matches(&variable))
            }
        }
    }
}

impl VariableRule<'_> {
    fn matches(&self, variable: &Variable<'_>) -> bool {
        let holds = |contents: &Vec<_>| contents.contains(&sha256(&[variable.content]));
        variable.vendor == self.vendor && variable.is_called(self.name) && self.contents.as_ref().is_none_or(holds)
    }
}
