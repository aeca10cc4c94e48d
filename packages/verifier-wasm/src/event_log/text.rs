//! Text for people out of bytes that anybody may have written.

use alloc::string::String;

use crate::json::writer::{push_decimal, push_hex};

/// UTF-16 (little-endian) or UTF-8, without closing zeros; None for what is no text. What is not printable ASCII is written
/// `\u{…}`, so that no text can pass for another on a screen.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let text: String = match bytes.as_chunks::<2>() {
        (units @ [[_, 0], ..], []) => {
            let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()?
        }
        _ => core::str::from_utf8(bytes).ok()?.into(),
    };
    let text = text.trim_end_matches('\0');
    let is_control = |character: char| character.is_ascii_control() && !matches!(character, '\n' | '\t');
    if text.is_empty() || text.contains(is_control) {
        return None;
    }
    let mut printable = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            printable.push(character);
        } else {
            printable.extend(character.escape_unicode());
        }
    }
    Some(printable)
}

/// The text, or how many bytes there are.
pub(super) fn text_or_size(bytes: &[u8]) -> String {
    text(bytes).unwrap_or_else(|| counted(bytes.len() as u64, "bytes"))
}

/// A number and what it counts.
pub(super) fn counted(number: u64, what: &str) -> String {
    let mut text = String::new();
    push_decimal(&mut text, number);
    text.push(' ');
    text.push_str(what);
    text
}

/// Big-endian, lower case.
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
