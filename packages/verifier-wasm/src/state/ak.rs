//! What is remembered of one attestation key.

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::cbor::{Decoder, Encoder},
    tpm::Attest,
};

/// Counters that a TPM signs with every quote (TPMS_CLOCK_INFO, TPM 2.0 Part 2 §10.11.1), as last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AkState {
    pub(super) name: Vec<u8>,
    reset_count: u32,
    restart_count: u32,
    pub(super) clock: u64,
    firmware_version: u64,
}

fn count(decoder: &mut Decoder<'_>) -> u32 {
    let count = u32::try_from(decoder.uint());
    decoder.ensure(count.is_ok());
    count.unwrap_or_default()
}

impl AkState {
    /// `name` is the key's Name; outside of the endorsement hierarchy the numbers are obfuscated and mean nothing (Part 1 §36.7).
    pub(crate) fn of(name: Vec<u8>, attest: &Attest<'_>) -> Self {
        let clock = &attest.clock_info;
        Self {
            name,
            reset_count: clock.reset_count,
            restart_count: clock.restart_count,
            clock: clock.clock,
            firmware_version: attest.firmware_version,
        }
    }

    pub(super) fn read(decoder: &mut Decoder<'_>) -> Self {
        let state = decoder.map(|map| Self {
            name: map.required(0, "name").bytes().into(),
            reset_count: count(map.required(1, "resetCount")),
            restart_count: count(map.required(2, "restartCount")),
            clock: map.required(3, "clock").uint(),
            firmware_version: map.required(4, "firmwareVersion").uint(),
        });
        decoder.ensure(matches!(state.name.len(), 34 | 50 | 66));
        state
    }

    pub(super) fn write(&self, out: &mut Encoder) {
        out.map(5);
        out.member(0).bytes(&self.name);
        out.member(1).uint(self.reset_count.into());
        out.member(2).uint(self.restart_count.into());
        out.member(3).uint(self.clock);
        out.member(4).uint(self.firmware_version);
    }

    /// A reset of the TPM takes the counts (1, 1) to (2, 0), TPM2_Clear takes them to (0, 0) (Part 1 §36.2, §36.3).
    pub(super) fn regression(&self, seen: &Self) -> Option<Code> {
        let counts = |ak: &Self| (ak.reset_count, ak.restart_count);
        if counts(seen) < counts(self) {
            Some(Code::STATE_TPM_CLEARED)
        } else if counts(seen) == counts(self) && seen.clock < self.clock {
            Some(Code::STATE_CLOCK_BACK)
        } else if seen.firmware_version < self.firmware_version {
            Some(Code::STATE_FIRMWARE_BACK)
        } else {
            None
        }
    }
}
