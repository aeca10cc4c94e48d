//! Writes JSON without the machinery of `core::fmt`, which would weigh more than the verdict.

use alloc::{string::String, vec::Vec};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A value to write.
#[derive(Clone, Debug)]
pub(crate) enum Out<'a> {
    Bool(bool),
    Integer(u64),
    Text(&'a str),
    /// A string of lower-case hex.
    Hex(&'a [u8]),
    /// A value that is written already.
    Json(&'a str),
    Array(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

impl Out<'_> {
    pub(crate) fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Integer(value) => push_decimal(out, *value),
            Self::Text(text) => push_string(out, text),
            Self::Json(json) => out.push_str(json),
            Self::Hex(bytes) => {
                out.push('"');
                push_hex(out, bytes);
                out.push('"');
            }
            Self::Array(items) => push_list(out, ['[', ']'], items, |out, item| item.write_to(out)),
            Self::Object(members) => push_list(out, ['{', '}'], members, |out, (name, value)| {
                push_string(out, name);
                out.push(':');
                value.write_to(out);
            }),
        }
    }
}

fn push_list<T>(out: &mut String, [open, close]: [char; 2], items: &[T], push: impl Fn(&mut String, &T)) {
    out.push(open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(close);
}

fn push_digit(out: &mut String, digit: u8) {
    out.extend(HEX.get(usize::from(digit)).copied().map(char::from));
}

/// Appends lower-case hex.
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

/// RFC 8259 §7: what must be escaped, and nothing else.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..' ' => {
                out.push_str("\\u00");
                push_hex(out, &[character as u8]);
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
