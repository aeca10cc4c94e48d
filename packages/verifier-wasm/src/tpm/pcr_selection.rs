//! TPML_PCR_SELECTION (TPM 2.0 Part 2 §10.9.7) and its elements.

use alloc::vec::Vec;

use super::reader::Reader;

/// Most banks that a list may name: HASH_COUNT of the reference code.
const MAX_SELECTIONS: u32 = 16;

/// TPMS_PCR_SELECTION (Part 2 §10.6.2): PCRs of one bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcrSelection<'a> {
    /// TPMI_ALG_HASH of the bank.
    pub(crate) hash: u16,
    /// A bit for each PCR, PCR 0 in the lowest bit of the first byte. As long as `sizeofSelect` says: 3 on every platform
    /// with 24 PCRs (TCG PC Client Platform TPM Profile §4.6), which the policy demands and not this decoder.
    pub(crate) select: &'a [u8],
}

impl<'a> PcrSelection<'a> {
    pub(super) fn decode_list(reader: &mut Reader<'a>) -> Vec<Self> {
        let mut selections = Vec::new();
        let count = reader.u32();
        if count > MAX_SELECTIONS {
            reader.malformed();
            return selections;
        }
        for _ in 0..count {
            let (hash, size) = (reader.u16(), reader.u8());
            selections.push(Self { hash, select: reader.bytes(size.into()) });
        }
        selections
    }
}
