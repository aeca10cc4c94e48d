//! A strict reader: no duplicate keys, numbers only as integers from 0 to 2^53 - 1, bounded nesting.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::Cell;

use super::{
    documents::Documents,
    item::{Item, Text, Value},
};

/// Deepest nesting of arrays and objects.
const MAX_DEPTH: u8 = 8;

/// Most members of an object; a policy has at most 24 in one.
const MAX_MEMBERS: usize = 64;

/// Integers above are not safe in JSON (RFC 7493 §2.2).
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Where reading stopped, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) offset: usize,
}

/// Reads a text that is exactly one value, white space around it aside.
pub(super) fn parse<'d>(text: &[u8], documents: &'d Documents<'d>) -> Result<Item<'d>, Unreadable> {
    let mut reader = Reader { rest: text, depth: 0, documents };
    let value = reader.value();
    if value.is_some() {
        reader.white_space();
    }
    let offset = text.len().saturating_sub(reader.rest.len());
    match value {
        Some(value) if reader.rest.is_empty() => Ok(reader.item(String::new(), value)),
        _ => Err(Unreadable { offset }),
    }
}

/// Bytes in lower-case hex.
pub(crate) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_chunks::<2>();
    let mut bytes = Vec::new();
    for &[high, low] in pairs {
        bytes.push(digit(high)? << 4 | digit(low)?);
    }
    odd.is_empty().then_some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte & 0x0f),
        b'a'..=b'f' => (byte & 0x0f).checked_add(9),
        _ => None,
    }
}

struct Reader<'t, 'd> {
    rest: &'t [u8],
    depth: u8,
    documents: &'d Documents<'d>,
}

impl<'d> Reader<'_, 'd> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn eat(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.next();
        }
    }

    fn item(&self, key: String, value: Value<'d>) -> Item<'d> {
        Item { key, value, documents: self.documents, taken: Cell::new(false) }
    }

    fn value(&mut self) -> Option<Value<'d>> {
        self.white_space();
        Some(match self.peek()? {
            b'{' => Value::Object(self.items(b'}')?),
            b'[' => Value::Array(self.items(b']')?),
            b'"' => {
                let text = self.string()?;
                Value::Text(Box::new(Text { bytes: unhex(text.as_bytes()), text }))
            }
            b'0'..=b'9' => Value::Integer(self.integer()?),
            b't' => self.eat(b"true").map(|()| Value::Bool(true))?,
            b'f' => self.eat(b"false").map(|()| Value::Bool(false))?,
            b'n' => self.eat(b"null").map(|()| Value::Null)?,
            _ => return None,
        })
    }

    /// What an array holds, or an object.
    fn items(&mut self, close: u8) -> Option<Vec<Item<'d>>> {
        let mut items = Vec::new();
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.next();
        self.white_space();
        if self.eat(&[close]).is_some() {
            return Some(items);
        }
        self.depth = self.depth.saturating_add(1);
        loop {
            let key = if close == b'}' { self.key(&items)? } else { String::new() };
            let value = self.value()?;
            items.push(self.item(key, value));
            self.white_space();
            match self.next()? {
                b',' => {}
                byte if byte == close => break,
                _ => return None,
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Some(items)
    }

    /// The key of the member after `others`.
    fn key(&mut self, others: &[Item<'d>]) -> Option<String> {
        self.white_space();
        let key = self.string()?;
        if others.len() == MAX_MEMBERS || others.iter().any(|other| other.key == key) {
            return None;
        }
        self.white_space();
        self.eat(b":")?;
        Some(key)
    }

    /// No sign, fraction, exponent or leading zero.
    fn integer(&mut self) -> Option<u64> {
        let mut value: u64 = 0;
        let zero = self.peek() == Some(b'0');
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if zero && self.rest.get(1).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(digit & 0x0f))?;
            self.next();
        }
        (value <= MAX_INTEGER && !matches!(self.peek(), Some(b'.' | b'e' | b'E'))).then_some(value)
    }

    fn string(&mut self) -> Option<String> {
        self.eat(b"\"")?;
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                b'"' => return String::from_utf8(bytes).ok(),
                b'\\' => {
                    let character = self.escape()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..0x20 => return None,
                byte => bytes.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return None,
        })
    }

    /// RFC 8259 §7; half of a surrogate pair stands for no character and is refused.
    fn unicode_escape(&mut self) -> Option<char> {
        let unit = self.hex4()?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        self.eat(b"\\u")?;
        let low = self.hex4()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        let high = unit.checked_sub(0xd800)?;
        char::from_u32((high << 10 | low).checked_add(0x1_0000)?)
    }

    fn hex4(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | u32::from(digit(self.next()?.to_ascii_lowercase())?);
        }
        Some(unit)
    }
}
