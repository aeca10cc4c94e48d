//! What is wrong with a log, and whether that is the end of it.

use super::required::LogRequirements;
use crate::{Code, rejection::Rejection};

/// A rule that the log breaks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of the codes `eventlog.…`.
    pub code: Code,
    /// Position in the log, from 0, the Spec ID event included.
    pub event: Option<usize>,
    /// The PCR that is concerned.
    pub pcr: Option<u8>,
}

impl Finding {
    pub(super) fn at_event(code: Code, event: usize) -> Self {
        Self { code, event: Some(event), pcr: None }
    }

    pub(super) fn of_pcr(code: Code, pcr: u8) -> Self {
        Self { code, event: None, pcr: Some(pcr) }
    }

    /// Whether the log is refused for it. Extends after a separator are seen in honest machines, and matter to those who tell the
    /// events of the PCR apart; a missing action or a malformed variable matters to those who rely on its PCR; the rest makes any
    /// reading of the log doubtful.
    pub(super) fn refuses(&self, requirements: &LogRequirements<'_>) -> bool {
        match self.code {
            Code::EVENTLOG_NO_ACTION_INDEX => false,
            Code::EVENTLOG_AFTER_SEPARATOR => requirements.events.iter().any(|(pcr, _)| self.pcr == Some(*pcr)),
            Code::EVENTLOG_CALLING_APPLICATION
            | Code::EVENTLOG_EXIT_BOOT_SERVICES
            | Code::EVENTLOG_SIGNATURE_LIST
            | Code::EVENTLOG_VARIABLE => self.pcr.is_some_and(|pcr| requirements.replayed.contains(&pcr)),
            _ => true,
        }
    }
}

impl From<Code> for Finding {
    fn from(code: Code) -> Self {
        Self { code, event: None, pcr: None }
    }
}

impl From<Finding> for Rejection {
    fn from(finding: Finding) -> Self {
        let (what, number) = match (finding.event, finding.pcr) {
            (Some(event), _) => ("event ", event as u64),
            (None, Some(pcr)) => ("PCR ", pcr.into()),
            (None, None) => return finding.code.into(),
        };
        Self::numbered(finding.code, what, number)
    }
}
