//! What the Firmware Profile demands of a log beyond its syntax. Actions and separators are told by their digest: no digest
//! covers the type, so that whoever edits a log could hide one behind another type.

use alloc::vec::Vec;

use super::{
    digest::digest,
    event_type::EV_SEPARATOR,
    finding::Finding,
    parse::{Event, Log},
    replay::{bit, startup_locality},
};
use crate::Code;

/// The PCRs of firmware, which a separator ends (PFP §3.3.2.2): 0 to 7.
const FIRMWARE_PCRS: u32 = 0b1111_1111;
/// Those that the operating system's loader has no reason to extend any more: 0 to 3 and 6.
const CLOSED_PCRS: u32 = 0b0100_1111;
const BOOT_MANAGER_PCR: u8 = 4;
const BOOT_ACTIONS_PCR: u8 = 5;

const CALLING_APPLICATION: &[u8] = b"Calling EFI Application from Boot Option";
const EXIT_BOOT_SERVICES: &[u8] = b"Exit Boot Services Invocation";

/// Data of a separator (PFP §10.4.1). Both values mean that firmware ended well; 1 tells of an error, and is told by the type
/// alone, since it is also what a variable of the order 1, 0 of boot options holds.
const SUCCESS: &[u8] = &[0; 4];
const SUCCESS_ONES: &[u8] = &[0xff; 4];

/// What is known of the digests of one bank.
pub(super) struct Rules([Vec<u8>; 4]);

impl Rules {
    /// None for a hash that is not implemented.
    pub(super) fn of_bank(algorithm: u16) -> Option<Self> {
        let mut digests = <[Vec<u8>; 4]>::default();
        for (text, known) in [SUCCESS, SUCCESS_ONES, CALLING_APPLICATION, EXIT_BOOT_SERVICES].iter().zip(&mut digests) {
            *known = digest(algorithm, &[text])?;
        }
        Some(Self(digests))
    }

    pub(super) fn is_separator(&self, event: &Event<'_>, digest: &[u8]) -> bool {
        let Self([success, success_ones, ..]) = self;
        event.kind == EV_SEPARATOR || digest == success || digest == success_ones
    }

    fn is_valid_separator(&self, event: &Event<'_>, digest: &[u8]) -> bool {
        let Self([success, success_ones, ..]) = self;
        let expected = match event.data {
            SUCCESS => success,
            SUCCESS_ONES => success_ones,
            _ => return false,
        };
        event.kind == EV_SEPARATOR && digest == expected
    }

    /// Every rule that the log breaks in the bank `algorithm`.
    pub(super) fn findings(&self, log: &Log<'_>, algorithm: u16) -> Vec<Finding> {
        let Self([_, _, calling_application, exit_boot_services]) = self;
        let mut findings = Vec::new();
        if log.has_spec_id() && log.events.first().is_some_and(|first| first.pcr != 0) {
            findings.push(Finding::at_event(Code::EVENTLOG_SPEC_ID_PCR, 0));
        }
        startup_locality(log, &mut findings);
        let (mut ended, mut reopened, mut called, mut exited) = (0_u32, 0_u32, false, false);
        for (position, event) in log.events.iter().enumerate() {
            let pcr = bit(event.pcr);
            if pcr == 0 {
                let code = if event.extends() { Code::EVENTLOG_PCR_INDEX } else { Code::EVENTLOG_NO_ACTION_INDEX };
                findings.push(Finding::at_event(code, position));
            }
            if !event.extends() || pcr & FIRMWARE_PCRS == 0 {
                continue;
            }
            let digest = log.digest(event, algorithm).unwrap_or_default();
            let mut find = |code| findings.push(Finding { code, event: Some(position), pcr: Some(event.pcr as u8) });
            if self.is_separator(event, digest) {
                if !self.is_valid_separator(event, digest) {
                    find(Code::EVENTLOG_SEPARATOR_INVALID);
                }
                if ended & pcr != 0 {
                    find(Code::EVENTLOG_SEPARATOR_DUPLICATE);
                }
                ended |= pcr;
            } else if ended & !reopened & CLOSED_PCRS & pcr != 0 {
                reopened |= pcr;
                find(Code::EVENTLOG_AFTER_SEPARATOR);
            }
            // Some firmware measures the call into the PCR of the other actions.
            let is_boot = matches!(event.pcr as u8, BOOT_MANAGER_PCR | BOOT_ACTIONS_PCR);
            called |= is_boot && ended & pcr == 0 && digest == calling_application;
            exited |= event.pcr as u8 == BOOT_ACTIONS_PCR && ended & pcr != 0 && digest == exit_boot_services;
        }
        for pcr in 0..8 {
            if ended & bit(pcr.into()) == 0 {
                findings.push(Finding::of_pcr(Code::EVENTLOG_SEPARATOR_MISSING, pcr));
            }
        }
        if !called {
            findings.push(Finding::of_pcr(Code::EVENTLOG_CALLING_APPLICATION, BOOT_MANAGER_PCR));
        }
        if !exited {
            findings.push(Finding::of_pcr(Code::EVENTLOG_EXIT_BOOT_SERVICES, BOOT_ACTIONS_PCR));
        }
        findings
    }
}
