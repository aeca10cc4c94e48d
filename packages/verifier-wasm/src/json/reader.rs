//! A strict reader: no duplicate keys, numbers only as integers from 0 to 2^53 - 1, bounded nesting.

use alloc::{string::String, vec::Vec};

/// Deepest nesting of arrays and objects.
const MAX_DEPTH: u8 = 8;

/// Most members of an object; a policy has at most 24 in one.
pub(crate) const MAX_MEMBERS: usize = 64;

/// Integers above are not safe in JSON (RFC 7493 §2.2).
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    String(String),
    Array(Vec<Self>),
    /// Keys are distinct.
    Object(Vec<(String, Self)>),
}

/// Where reading stopped, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) offset: usize,
}

/// Reads a text that is exactly one value, white space around it aside.
pub(crate) fn parse(text: &[u8]) -> Result<Json, Unreadable> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = reader.value().filter(|_| {
        reader.white_space();
        reader.rest.is_empty()
    });
    value.ok_or(Unreadable { offset: text.len().saturating_sub(reader.rest.len()) })
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: u8,
}

impl Reader<'_> {
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

    fn value(&mut self) -> Option<Json> {
        self.white_space();
        match self.peek()? {
            b'{' => self.nested(Self::object).map(Json::Object),
            b'[' => self.nested(Self::array).map(Json::Array),
            b'"' => self.string().map(Json::String),
            b'0'..=b'9' => self.integer().map(Json::Integer),
            b't' => self.eat(b"true").map(|()| Json::Bool(true)),
            b'f' => self.eat(b"false").map(|()| Json::Bool(false)),
            b'n' => self.eat(b"null").map(|()| Json::Null),
            _ => None,
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth = self.depth.saturating_add(1);
        self.next();
        let value = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Some(value)
    }

    /// After an element: true when another follows, false when `close` was read.
    fn more(&mut self, close: u8) -> Option<bool> {
        self.white_space();
        match self.next()? {
            b',' => Some(true),
            byte if byte == close => Some(false),
            _ => None,
        }
    }

    fn closes_at_once(&mut self, close: u8) -> bool {
        self.white_space();
        self.eat(&[close]).is_some()
    }

    fn array(&mut self) -> Option<Vec<Json>> {
        let mut items = Vec::new();
        if self.closes_at_once(b']') {
            return Some(items);
        }
        loop {
            items.push(self.value()?);
            if !self.more(b']')? {
                return Some(items);
            }
        }
    }

    fn object(&mut self) -> Option<Vec<(String, Json)>> {
        let mut members: Vec<(String, Json)> = Vec::new();
        if self.closes_at_once(b'}') {
            return Some(members);
        }
        loop {
            self.white_space();
            let key = self.string()?;
            if members.len() == MAX_MEMBERS || members.iter().any(|(other, _)| *other == key) {
                return None;
            }
            self.white_space();
            self.eat(b":")?;
            members.push((key, self.value()?));
            if !self.more(b'}')? {
                return Some(members);
            }
        }
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
        (0..4).try_fold(0, |value, _| Some(value << 4 | char::from(self.next()?).to_digit(16)?))
    }
}
