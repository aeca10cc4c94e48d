//! What the Firmware Profile demands of a log beyond its syntax. Actions and separators are told by their digest: no digest
//! covers the type, so that whoever edits a log could hide one behind another type.

use alloc::vec::Vec;

use super::{
    digest::digest,
    event_type::EV_SEPARATOR,
    finding::Finding,
    parse::{Event, Log},
};
use crate::{Code, policy::PCR_COUNT};

/// The PCRs of firmware, which a separator ends (PFP §3.3.2.2): 0 to 7.
const FIRMWARE_PCRS: usize = 8;
/// Those that the operating system's loader has no reason to extend any more.
const CLOSED_PCRS: [u8; 5] = [0, 1, 2, 3, 6];
const BOOT_MANAGER_PCR: u8 = 4;
const BOOT_ACTIONS_PCR: u8 = 5;

const CALLING_APPLICATION: &[u8] = b"Calling EFI Application from Boot Option";
const EXIT_BOOT_SERVICES: &[u8] = b"Exit Boot Services Invocation";
const STARTUP_LOCALITY: &[u8] = b"StartupLocality\0";

/// Data of a separator (PFP §10.4.1): both values mean that firmware ended well; 1 tells of an error.
const SEPARATORS: [&[u8]; 2] = [&[0; 4], &[0xff; 4]];
const ERROR_SEPARATOR: &[u8] = &[1, 0, 0, 0];

/// What is known of the digests of one bank.
pub(super) struct Rules {
    separators: [Vec<u8>; 3],
    calling_application: Vec<u8>,
    exit_boot_services: Vec<u8>,
}

impl Rules {
    /// None for a hash that is not implemented.
    pub(super) fn of_bank(algorithm: u16) -> Option<Self> {
        let hash = |data| digest(algorithm, &[data]);
        let [success, ones] = SEPARATORS;
        Some(Self {
            separators: [hash(success)?, hash(ones)?, hash(ERROR_SEPARATOR)?],
            calling_application: hash(CALLING_APPLICATION)?,
            exit_boot_services: hash(EXIT_BOOT_SERVICES)?,
        })
    }

    pub(super) fn is_separator(&self, event: &Event<'_>, digest: &[u8]) -> bool {
        event.kind == EV_SEPARATOR || self.separators.iter().any(|known| known == digest)
    }

    fn is_valid_separator(&self, event: &Event<'_>, digest: &[u8]) -> bool {
        let known = SEPARATORS.iter().zip(&self.separators).any(|(data, known)| *data == event.data && known == digest);
        event.kind == EV_SEPARATOR && known
    }

    /// Every rule that the log breaks in the bank `algorithm`.
    pub(super) fn findings(&self, log: &Log<'_>, algorithm: u16) -> Vec<Finding> {
        let mut findings = Vec::new();
        if log.has_spec_id() && log.events.first().is_some_and(|first| first.pcr != 0) {
            findings.push(Finding::at_event(Code::EVENTLOG_SPEC_ID_PCR, 0));
        }
        startup_locality(log, |finding| findings.push(finding));
        let mut ended = [false; FIRMWARE_PCRS];
        let mut reopened = [false; FIRMWARE_PCRS];
        let (mut called, mut exited) = (false, false);
        for (position, event) in log.events.iter().enumerate() {
            let Some(pcr) = u8::try_from(event.pcr).ok().filter(|pcr| *pcr < PCR_COUNT) else {
                let code = if event.extends() { Code::EVENTLOG_PCR_INDEX } else { Code::EVENTLOG_NO_ACTION_INDEX };
                findings.push(Finding::at_event(code, position));
                continue;
            };
            let Some(digest) = log.digest(event, algorithm).filter(|_| event.extends()) else { continue };
            let Some((ended, reopened)) = ended.get_mut(usize::from(pcr)).zip(reopened.get_mut(usize::from(pcr)))
            else {
                continue;
            };
            let mut find = |code| findings.push(Finding { code, event: Some(position), pcr: Some(pcr) });
            if self.is_separator(event, digest) {
                if !self.is_valid_separator(event, digest) {
                    find(Code::EVENTLOG_SEPARATOR_INVALID);
                }
                if *ended {
                    find(Code::EVENTLOG_SEPARATOR_DUPLICATE);
                }
                *ended = true;
            } else if *ended && CLOSED_PCRS.contains(&pcr) && !*reopened {
                *reopened = true;
                find(Code::EVENTLOG_AFTER_SEPARATOR);
            }
            // Some firmware measures the call into the PCR of the other actions.
            let is_boot = matches!(pcr, BOOT_MANAGER_PCR | BOOT_ACTIONS_PCR);
            called |= is_boot && !*ended && digest == self.calling_application;
            exited |= pcr == BOOT_ACTIONS_PCR && *ended && digest == self.exit_boot_services;
        }
        let open = (0..).zip(ended).filter(|(_, ended)| !ended);
        findings.extend(open.map(|(pcr, _)| Finding::of_pcr(Code::EVENTLOG_SEPARATOR_MISSING, pcr)));
        if !called {
            findings.push(Finding::of_pcr(Code::EVENTLOG_CALLING_APPLICATION, BOOT_MANAGER_PCR));
        }
        if !exited {
            findings.push(Finding::of_pcr(Code::EVENTLOG_EXIT_BOOT_SERVICES, BOOT_ACTIONS_PCR));
        }
        findings
    }
}

/// The locality that sent TPM2_Startup (PFP §10.4.5.3): 0 where the log says nothing of it. It may say so once, before PCR 0 is
/// extended; what it says otherwise is a finding and has no effect.
pub(super) fn startup_locality(log: &Log<'_>, mut find: impl FnMut(Finding)) -> u8 {
    let mut locality = None;
    let mut extended = false;
    for (position, event) in log.events.iter().enumerate() {
        extended |= event.extends() && event.pcr == 0;
        if !event.is_remark(STARTUP_LOCALITY) {
            continue;
        }
        let value = match event.data.strip_prefix(STARTUP_LOCALITY) {
            Some(&[value @ (0 | 3 | 4)]) if event.pcr == 0 && !extended && locality.is_none() => value,
            _ => {
                find(Finding::at_event(Code::EVENTLOG_STARTUP_LOCALITY, position));
                continue;
            }
        };
        locality = Some(value);
    }
    locality.unwrap_or(0)
}
