//! Text for people out of bytes that anybody may have written.

use alloc::string::String;

use crate::digits::{push_decimal, push_hex};

/// Of more bytes than a digest has only their number is shown.
const SHORT: usize = 32;

/// ASCII, or UTF-16 (little-endian) of which only ASCII is shown as it is and the rest as `\uXXXX`, so that no text can pass for
/// another on a screen. Closing zeros are left out; None for what is no text.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let width = if matches!(bytes, [_, 0, ..]) && bytes.len().is_multiple_of(2) { 2 } else { 1 };
    let mut text = String::new();
    let mut ended = false;
    for unit in bytes.chunks_exact(width) {
        let (low, high) = (*unit.first()?, unit.get(1).copied().unwrap_or(0));
        let is_shown = matches!(low, b'\t' | b'\n' | b' '..=b'~') && high == 0;
        match (low, high) {
            (0, 0) => {}
            _ if ended => return None,
            _ if is_shown => text.push(low.into()),
            _ if width == 1 || high == 0 && low < b' ' => return None,
            _ => {
                text.push_str("\\u");
                push_hex(&mut text, &[high, low]);
            }
        }
        ended |= low == 0 && high == 0;
    }
    if text.is_empty() { None } else { Some(text) }
}

/// The text; in hex what is short and no text; or how many bytes there are.
pub(crate) fn text_or_bytes(bytes: &[u8]) -> String {
    match text(bytes) {
        Some(text) => text,
        None if bytes.len() <= SHORT && !bytes.is_empty() => hex(bytes),
        None => counted(bytes.len() as u64, "byte"),
    }
}

/// A number and what it counts: a word that takes an s.
pub(super) fn counted(number: u64, what: &str) -> String {
    let mut text = String::new();
    push_decimal(&mut text, number);
    text.push(' ');
    text.push_str(what);
    if number != 1 {
        text.push('s');
    }
    text
}

/// Lower case, byte after byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    push_hex(&mut text, bytes);
    text
}

/// `a` and `b`, and something between them where both are.
pub(super) fn join(mut a: String, between: &str, b: &str) -> String {
    if !a.is_empty() && !b.is_empty() {
        a.push_str(between);
    }
    a.push_str(b);
    a
}
