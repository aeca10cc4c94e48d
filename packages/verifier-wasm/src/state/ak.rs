//! What is remembered of one attestation key.

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::cbor::{Decoder, ErrorKind, Value},
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

    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, ErrorKind> {
        let count = |decoder: &mut Decoder<'_>| decoder.uint()?.try_into().map_err(|_| ErrorKind::Schema);
        let state = decoder.map(|map| {
            Ok(Self {
                name: map.required(0, "name")?.bytes()?.into(),
                reset_count: count(map.required(1, "resetCount")?)?,
                restart_count: count(map.required(2, "restartCount")?)?,
                clock: map.required(3, "clock")?.uint()?,
                firmware_version: map.required(4, "firmwareVersion")?.uint()?,
            })
        })?;
        if matches!(state.name.len(), 34 | 50 | 66) { Ok(state) } else { Err(ErrorKind::Schema) }
    }

    pub(super) fn value(&self) -> Value {
        let numbers = [self.reset_count.into(), self.restart_count.into(), self.clock, self.firmware_version];
        let numbers = (1..).zip(numbers.map(Value::Uint));
        Value::map([(0, self.name.as_slice().into())].into_iter().chain(numbers))
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
