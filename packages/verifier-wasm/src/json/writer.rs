//! Writes JSON without the machinery of `core::fmt`, which would weigh more than the verdict.

use alloc::string::String;

use crate::{
    digits::{push_decimal, push_hex},
    shown::push_shown,
};

/// The name of what stands in an array: none.
pub(crate) const ITEM: &str = "";

/// Longest text of a member, in characters: enough for every name of 255 bytes, however its characters are shown.
const MAX_TEXT: usize = 1024;

/// The text, as far as it is written. A value is written with the name that it has in the object around it; commas come by
/// themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// The text of one value.
    pub(crate) fn value(write: impl FnOnce(&mut Self)) -> String {
        let mut json = Self::default();
        write(&mut json);
        json.0
    }

    pub(crate) fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        self.open(name, '{');
        members(self);
        self.0.push('}');
    }

    pub(crate) fn array(&mut self, name: &str, items: impl FnOnce(&mut Self)) {
        self.open(name, '[');
        items(self);
        self.0.push(']');
    }

    /// A text for a person, as a screen may show it ([`push_shown`]).
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.text_of(name, text, MAX_TEXT);
    }

    /// The same of at most so many characters.
    pub(crate) fn text_of(&mut self, name: &str, text: &str, most: usize) {
        let mut shown = String::new();
        push_shown(&mut shown, text, most);
        self.name(name);
        push_string(&mut self.0, &shown);
    }

    /// A string of lower-case hex.
    pub(crate) fn hex(&mut self, name: &str, bytes: &[u8]) {
        self.open(name, '"');
        push_hex(&mut self.0, bytes);
        self.0.push('"');
    }

    pub(crate) fn integer(&mut self, name: &str, value: u64) {
        self.name(name);
        push_decimal(&mut self.0, value);
    }

    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
    }

    /// Members that were written by themselves.
    pub(crate) fn members(&mut self, members: &Self) {
        if !members.0.is_empty() {
            self.separate();
            self.0.push_str(&members.0);
        }
    }

    #[inline(never)]
    fn open(&mut self, name: &str, bracket: char) {
        self.name(name);
        self.0.push(bracket);
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.separate();
        if !name.is_empty() {
            push_string(&mut self.0, name);
            self.0.push(':');
        }
    }

    /// No string ends the text with a bracket that opens: it ends with its quotation mark.
    fn separate(&mut self) {
        if !matches!(self.0.as_bytes(), [] | [.., b'{' | b'[']) {
            self.0.push(',');
        }
    }
}

/// Printable ASCII as a string (RFC 8259 §7).
#[inline(never)]
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push('\\');
        }
        out.push(byte.into());
    }
    out.push('"');
}
