//! Platform configuration registers, as the TCG PC Client Platform TPM Profile has them.

/// Number of PCRs.
pub(crate) const PCR_COUNT: u8 = 24;

/// The value of a PCR after a reset of the platform (TCG PC Client Platform TPM Profile §4.6.2): all ones for the PCRs of a
/// dynamic launch, else all zeros.
pub(crate) fn is_reset_value(index: u8, value: &[u8]) -> bool {
    let reset = if matches!(index, 17..=22) { 0xff } else { 0x00 };
    value.iter().all(|byte| *byte == reset)
}
