//! A log told event by event.

use alloc::{string::String, vec::Vec};

use super::{
    describe::describe,
    event_type::EV_EFI_VARIABLE_DRIVER_CONFIG,
    finding::Finding,
    measured::{Expected, Measured},
    parse::{Event, Log},
    replay::{Replayed, bit, replay},
    rules::Rules,
    variable::{self, SECURE_BOOT, Variable, is_variable},
};
use crate::{Code, tpm::is_reset_value};

const SECURE_BOOT_PCR: u32 = 7;

/// A log seen through one of its banks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The log itself.
    pub log: Log<'a>,
    /// The bank, by TPM_ALG_ID.
    pub algorithm: u16,
    /// The PCR values that follow from the log.
    pub replayed: Replayed,
    /// Every rule that the log breaks.
    pub findings: Vec<Finding>,
    /// Whether firmware enforced Secure Boot; None where the log does not prove one or the other.
    pub secure_boot: Option<bool>,
    /// Quoted PCRs whose value does not follow from the log.
    pub unexplained: Vec<u8>,
    /// A bit for each PCR whose value a quote proves.
    proven: u32,
}

/// What one event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it is about: a word such as `kernel` or `db`. It may rest on the event's type or a label, which no digest covers.
    pub subject: &'static str,
    /// For people. Where `verified`, nothing but what the digest covers; else what the log claims.
    pub description: String,
    /// The digest is the hash of what is described, and the PCR is proven where anything was quoted.
    pub verified: bool,
}

impl<'a> Explanation<'a> {
    /// Explains the log by its bank `algorithm`. `quoted` are the values that a quote proves, by index: what they do not prove is
    /// not `verified`. Without a quote every PCR counts as proven.
    ///
    /// # Errors
    ///
    /// Those of [`replay()`].
    pub fn new(log: Log<'a>, algorithm: u16, quoted: Option<&[(u8, &[u8])]>) -> Result<Self, Finding> {
        let rules = Rules::of_bank(algorithm).ok_or(Code::EVENTLOG_BANK)?;
        let replayed = replay(&log, algorithm)?;
        let findings = rules.findings(&log, algorithm);
        let (mut proven, mut unexplained) = (if quoted.is_none() { u32::MAX } else { 0 }, Vec::new());
        for (pcr, value) in quoted.unwrap_or_default() {
            let follows = match replayed.get(*pcr) {
                Some(replayed) => replayed == *value,
                None => is_reset_value(*pcr, value),
            };
            if follows {
                proven |= bit((*pcr).into());
            } else {
                unexplained.push(*pcr);
            }
        }
        let mut explanation = Self { log, algorithm, replayed, findings, secure_boot: None, unexplained, proven };
        let mut secure_boot = SecureBoot::NotSeen;
        for (position, event) in explanation.log.events.iter().enumerate().filter(|(_, event)| event.extends()) {
            let covered = explanation.covered(event);
            let whole = if let Some(Measured::Structure(structure)) = covered { structure } else { event.data };
            let carries = is_variable(event.kind) && !matches!(covered, Some(Measured::VariableContent(_)));
            if let Some(code) = variable::fault(event.kind, whole).filter(|_| carries) {
                explanation.findings.push(Finding { code, event: Some(position), pcr: u8::try_from(event.pcr).ok() });
            }
            if event.pcr == SECURE_BOOT_PCR {
                let digest = explanation.log.digest(event, algorithm).unwrap_or_default();
                secure_boot = secure_boot.after(covered, rules.is_separator(event, digest));
            }
        }
        explanation.secure_boot = if let SecureBoot::Proven(enforced) = secure_boot { Some(enforced) } else { None };
        Ok(explanation)
    }

    /// What an event of the log says.
    #[must_use]
    pub fn explain(&self, event: &Event<'_>) -> Explained {
        let covered = self.covered(event);
        let (subject, description) = describe(event, covered);
        Explained { subject, description, verified: covered.is_some() }
    }

    /// The part of its data that digest and quote prove.
    fn covered<'b>(&self, event: &Event<'b>) -> Option<Measured<'b>> {
        let digest = self.log.digest(event, self.algorithm)?;
        let is_proven = event.extends() && bit(event.pcr) & self.proven != 0;
        if is_proven { (Expected { algorithm: self.algorithm, digest }).covers(event) } else { None }
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
            (Self::Seen(enforced), Some(_)) if is_separator => Self::Proven(enforced),
            (Self::NotSeen, _) if is_separator => Self::Doubtful,
            (_, Some(Measured::Structure(bytes))) => {
                let variable = Variable::read(bytes).filter(|variable| variable.subject == SECURE_BOOT);
                let is_sound = variable::fault(EV_EFI_VARIABLE_DRIVER_CONFIG, bytes).is_none();
                match (self, variable) {
                    (_, None) => self,
                    (Self::NotSeen, Some(variable)) if is_sound => Self::Seen(variable.content == [1]),
                    _ => Self::Doubtful,
                }
            }
            _ => Self::Doubtful,
        }
    }
}
