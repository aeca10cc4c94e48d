//! The report that the firmware of Azure's confidential machines leaves in NVRAM (PROTOCOL.md §18.2).

use crate::little_endian::Reader;

/// Bytes of the report of the hardware, whatever its kind.
const HARDWARE_REPORT: usize = 1184;
/// Fields before the runtime data that their own length counts.
const FIELDS: u32 = 20;

/// A hardware report and the data that it is bound to. Nothing of both is proven.
pub(super) struct Report<'a> {
    pub(super) hardware_report: &'a [u8],
    /// As it was hashed.
    pub(super) runtime_data: &'a [u8],
}

impl<'a> Report<'a> {
    /// None unless it holds an SNP report and a SHA-256, and every byte is accounted for.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (signature, version) = (reader.bytes(4), reader.u32());
        let _unauthenticated = reader.bytes(24);
        let hardware_report = reader.bytes(HARDWARE_REPORT);
        let [length, data_version, kind, hash] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
        let size = reader.u32();
        let well_formed = signature == b"HCLA"
            && matches!(version, 1 | 2)
            && [data_version, kind, hash] == [1, 2, 1]
            && size > 0
            && size.checked_add(FIELDS) == Some(length);
        let runtime_data = reader.bytes(size.try_into().ok()?);
        // An index of NVRAM is as large as its largest content.
        let is_padded = reader.rest().iter().all(|byte| *byte == 0);
        reader.read(Self { hardware_report, runtime_data }).filter(|_| well_formed && is_padded)
    }
}
