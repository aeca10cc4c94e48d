//! TPMS_ATTEST of a quote (TPM 2.0 Part 2 §10.12.12).

use alloc::vec::Vec;

use super::{PcrSelection, reader::Reader};
use crate::Code;

/// TPM_GENERATED_VALUE (Part 2 §6.2): begins what a TPM says of itself. A restricted key signs nothing that a caller
/// supplied if it begins so.
const TPM_GENERATED_VALUE: u32 = 0xff54_4347;

/// TPM_ST_ATTEST_QUOTE (Part 2 §6.9).
const TPM_ST_ATTEST_QUOTE: u16 = 0x8018;

/// What a TPM states in a quote.
#[derive(Clone, Debug)]
pub(crate) struct Attest<'a> {
    /// Qualified Name of the signing key.
    pub(crate) qualified_signer: &'a [u8],
    /// What the caller of TPM2_Quote gave as qualifying data.
    pub(crate) extra_data: &'a [u8],
    pub(crate) clock_info: ClockInfo,
    /// As the TPM's vendor counts; obfuscated for keys outside the endorsement hierarchy.
    pub(crate) firmware_version: u64,
    /// `attested.quote.pcrSelect`
    pub(crate) pcr_select: Vec<PcrSelection<'a>>,
    /// `attested.quote.pcrDigest`
    pub(crate) pcr_digest: &'a [u8],
}

/// TPMS_CLOCK_INFO (Part 2 §10.11.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockInfo {
    /// Milliseconds for which the TPM has had power.
    pub(crate) clock: u64,
    pub(crate) reset_count: u32,
    pub(crate) restart_count: u32,
    /// No value of `clock` greater than this one was ever reported.
    pub(crate) safe: bool,
}

impl ClockInfo {
    fn decode(reader: &mut Reader<'_>) -> Self {
        let (clock, reset_count, restart_count, safe) = (reader.u64(), reader.u32(), reader.u32(), reader.u8());
        // TPMI_YES_NO (Part 2 §9.2) has no third value.
        if safe > 1 {
            reader.malformed();
        }
        Self { clock, reset_count, restart_count, safe: safe == 1 }
    }
}

impl<'a> Attest<'a> {
    /// # Errors
    /// `attest.magic`, `attest.type` or `attest.syntax`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let mut reader = Reader::new(bytes, Code::ATTEST_SYNTAX);
        if reader.u32() != TPM_GENERATED_VALUE {
            return Err(reader.refusal(Code::ATTEST_MAGIC));
        }
        if reader.u16() != TPM_ST_ATTEST_QUOTE {
            return Err(reader.refusal(Code::ATTEST_TYPE));
        }
        let attest = Self {
            qualified_signer: reader.sized(),
            extra_data: reader.sized(),
            clock_info: ClockInfo::decode(&mut reader),
            firmware_version: reader.u64(),
            pcr_select: PcrSelection::decode_list(&mut reader),
            pcr_digest: reader.sized(),
        };
        reader.end(attest)
    }
}
