//! A log told event by event.

use alloc::{string::String, vec::Vec};

use super::{
    describe::describe,
    digest::digest,
    finding::Finding,
    measured::{Measured, measured},
    parse::Log,
    replay::{Values, replay},
    rules::Rules,
    variable::{Subject, Variable},
};

const SECURE_BOOT_PCR: u32 = 7;

/// What one event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it is about: a word such as `kernel` or `db`. It may rest on the event's type or a label, which no digest covers.
    pub subject: &'static str,
    /// For people. Where `verified`, nothing but what the digest covers; else what the log claims.
    pub description: String,
    /// The digest is the hash of what is described.
    pub verified: bool,
}

/// A log seen through one of its banks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The log itself.
    pub log: Log<'a>,
    /// The bank, by TPM_ALG_ID.
    pub algorithm: u16,
    /// The PCR values that follow from the log.
    pub replayed: Values,
    /// One for each event of the log.
    pub events: Vec<Explained>,
    /// Every rule that the log breaks.
    pub findings: Vec<Finding>,
    /// Whether firmware enforced Secure Boot; None where the log does not prove one or the other.
    pub secure_boot: Option<bool>,
    /// Quoted PCRs whose value does not follow from the log.
    pub unexplained: Vec<u8>,
}

impl<'a> Explanation<'a> {
    /// Explains the log by its bank `algorithm`; None when the bank cannot be [replayed](replay()). `is_proven` tells of a PCR
    /// and its replayed value whether a quote has it: the events of other PCRs are never `verified`.
    #[must_use]
    pub fn new(log: Log<'a>, algorithm: u16, is_proven: impl Fn(u8, Option<&[u8]>) -> bool) -> Option<Self> {
        let replayed = replay(&log, algorithm)?;
        let rules = Rules::of_bank(algorithm)?;
        let mut findings = rules.findings(&log, algorithm);
        let mut events = Vec::with_capacity(log.events.len());
        let mut secure_boot = SecureBoot::NotSeen;
        for (position, event) in log.events.iter().enumerate() {
            let expected = log.digest(event, algorithm).filter(|_| event.extends()).unwrap_or_default();
            let covered = u8::try_from(event.pcr).ok().and_then(|pcr| {
                let value = replayed.get(usize::from(pcr))?.as_deref();
                measured(event, |parts| digest(algorithm, parts).is_some_and(|digest| digest == expected))
                    .filter(|_| is_proven(pcr, value))
            });
            let description = describe(event, covered);
            if let Some(code) = description.malformed {
                findings.push(Finding { code, event: Some(position), pcr: u8::try_from(event.pcr).ok() });
            }
            if event.extends() && event.pcr == SECURE_BOOT_PCR {
                secure_boot = secure_boot.after(covered, rules.is_separator(event, expected));
            }
            let (subject, description) = (description.subject, description.text);
            events.push(Explained { subject, description, verified: covered.is_some() });
        }
        let secure_boot = secure_boot.proven();
        Some(Self { log, algorithm, replayed, events, findings, secure_boot, unexplained: Vec::new() })
    }
}

/// Firmware measures the variable once before the separator of PCR 7. Types are not hashed, so a log could hide the event behind
/// another type and show one that was measured later: every event before the separator must be verified whole, and is read for
/// what it holds.
#[derive(Clone, Copy)]
enum SecureBoot {
    NotSeen,
    Seen(bool),
    Proven(bool),
    Doubtful,
}

impl SecureBoot {
    fn after(self, covered: Option<Measured<'_>>, is_separator: bool) -> Self {
        match (self, covered) {
            (Self::Proven(_) | Self::Doubtful, _) => self,
            (Self::Seen(enforced), _) if is_separator => Self::Proven(enforced),
            (Self::NotSeen, _) if is_separator => Self::Doubtful,
            (_, Some(Measured::Structure(bytes))) => {
                match (self, Variable::read(bytes).map(|variable| variable.subject())) {
                    (Self::NotSeen, Some(Subject::SecureBoot(enforced))) => Self::Seen(enforced),
                    (_, Some(Subject::SecureBoot(_))) => Self::Doubtful,
                    _ => self,
                }
            }
            _ => Self::Doubtful,
        }
    }

    fn proven(self) -> Option<bool> {
        match self {
            Self::Proven(enforced) => Some(enforced),
            _ => None,
        }
    }
}
