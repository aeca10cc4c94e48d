//! Numbers and bytes as text, without the machinery of `core::fmt`.

use alloc::string::String;

const HEX: &[u8; 16] = b"0123456789abcdef";

fn push_digit(out: &mut String, digit: u8) {
    out.extend(HEX.get(usize::from(digit)).copied().map(char::from));
}

/// Appends lower-case hex.
#[inline(never)]
pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        push_digit(out, byte >> 4);
        push_digit(out, byte & 0x0f);
    }
}

/// Appends the decimal form.
pub(crate) fn push_decimal(out: &mut String, value: u64) {
    if value > 9 {
        push_decimal(out, value / 10);
    }
    push_digit(out, (value % 10) as u8);
}
