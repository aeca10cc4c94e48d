//! Deterministic CBOR (RFC 8949 §4.2.1), restricted as PROTOCOL.md §3 says: unsigned integers, byte strings, text
//! strings, arrays, and maps with unsigned integer keys; definite lengths, shortest form, keys ascending and distinct.
//!
//! One value has one encoding, so a hash over the bytes is a hash over the meaning.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::ops::RangeInclusive;

/// Deepest nesting of arrays and maps that a decoder follows.
pub const MAX_DEPTH: u8 = 8;

/// Keys below this one are critical in every map: an unknown one is an error. Keys from here on may be ignored.
pub const FIRST_EXTENSION_KEY: u64 = 64;

/// What a decoder refuses, and the member in which it met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule was broken.
    pub kind: ErrorKind,
    /// The name of the member that was being read or looked for; empty before the first.
    pub member: &'static str,
}

/// The two ways in which bytes can fail to be what a decoder expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not deterministic CBOR of the restricted kind.
    Encoding,
    /// They are, but they are not the expected item: wrong type or range, missing or unknown critical member.
    Schema,
    /// They name a version of the protocol that the reader does not speak, so nothing more was read.
    Version,
}

/// Major types, RFC 8949 §3.1.
const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// Reads one item after another from a byte string; what it returns borrows from there.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    depth: u8,
    member: &'static str,
}

/// Decodes exactly one item that takes up the whole input.
///
/// # Errors
/// [`ErrorKind::Encoding`] unless all of it is one item of deterministic CBOR, whatever it says; then those of `read`.
pub fn decode<'a, T>(bytes: &'a [u8], read: impl FnOnce(&mut Decoder<'a>) -> Result<T, ErrorKind>) -> Result<T, Error> {
    let mut decoder = Decoder { rest: bytes, depth: 0, member: "" };
    let mut whole = decoder;
    let value = whole.skip().and_then(|()| whole.end()).and_then(|()| read(&mut decoder));
    value.map_err(|kind| Error { kind, member: decoder.member })
}

impl<'a> Decoder<'a> {
    fn end(&self) -> Result<(), ErrorKind> {
        if self.rest.is_empty() { Ok(()) } else { Err(ErrorKind::Encoding) }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], ErrorKind> {
        let length = usize::try_from(length).map_err(|_| ErrorKind::Encoding)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ErrorKind::Encoding)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Major type and argument, in the shortest form only (RFC 8949 §3, §4.2.1).
    fn head(&mut self) -> Result<(u8, u64), ErrorKind> {
        let (&first, rest) = self.rest.split_first().ok_or(ErrorKind::Encoding)?;
        self.rest = rest;
        let (width, smallest) = match first & 0x1f {
            small @ 0..24 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(ErrorKind::Encoding),
        };
        let argument = self.take(width)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        if argument < smallest { Err(ErrorKind::Encoding) } else { Ok((first >> 5, argument)) }
    }

    fn expect(&mut self, expected: u8) -> Result<u64, ErrorKind> {
        match self.head()? {
            (major, argument) if major == expected => Ok(argument),
            (UINT | BYTES | TEXT | ARRAY | MAP, _) => Err(ErrorKind::Schema),
            _ => Err(ErrorKind::Encoding),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ErrorKind>) -> Result<T, ErrorKind> {
        let outer = self.depth;
        self.depth = outer.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err(ErrorKind::Encoding);
        }
        let value = read(self)?;
        self.depth = outer;
        Ok(value)
    }

    /// Reads an unsigned integer.
    ///
    /// # Errors
    /// When the next item is another one, as for every method here.
    pub fn uint(&mut self) -> Result<u64, ErrorKind> {
        self.expect(UINT)
    }

    /// Reads the version of the protocol that the members after it belong to.
    ///
    /// # Errors
    /// When the next item is another one, and [`ErrorKind::Version`] when it is not `known`.
    pub fn version(&mut self, known: u64) -> Result<u64, ErrorKind> {
        let version = self.uint()?;
        if version == known { Ok(version) } else { Err(ErrorKind::Version) }
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// When the next item is another one.
    pub fn bytes(&mut self) -> Result<&'a [u8], ErrorKind> {
        let length = self.expect(BYTES)?;
        self.take(length)
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// When the next item is another one.
    pub fn array_of_bytes<const N: usize>(&mut self) -> Result<[u8; N], ErrorKind> {
        self.bytes()?.try_into().map_err(|_| ErrorKind::Schema)
    }

    /// Reads a text string; invalid UTF-8 is an error of the encoding.
    ///
    /// # Errors
    /// When the next item is another one.
    pub fn text(&mut self) -> Result<&'a str, ErrorKind> {
        let length = self.expect(TEXT)?;
        core::str::from_utf8(self.take(length)?).map_err(|_| ErrorKind::Encoding)
    }

    /// Reads an array of an allowed number of items, each by `read`.
    ///
    /// # Errors
    /// When the next item is another one, when there are more or fewer items, and those of `read`.
    pub fn list<T>(
        &mut self,
        allowed: RangeInclusive<u64>,
        mut read: impl FnMut(&mut Self) -> Result<T, ErrorKind>,
    ) -> Result<Vec<T>, ErrorKind> {
        let count = self.expect(ARRAY)?;
        if !allowed.contains(&count) {
            return Err(ErrorKind::Schema);
        }
        self.nested(|decoder| (0..count).map(|_| read(decoder)).collect())
    }

    /// Reads a map by asking for its members in ascending order; see [`Map`].
    ///
    /// # Errors
    /// When the next item is another one, those of `read`, and an unknown critical key.
    pub fn map<T>(&mut self, read: impl FnOnce(&mut Map<'_, 'a>) -> Result<T, ErrorKind>) -> Result<T, ErrorKind> {
        let remaining = self.expect(MAP)?;
        self.nested(|decoder| {
            let mut map = Map { decoder, remaining, pending: None, last: None };
            let value = read(&mut map)?;
            map.end()?;
            Ok(value)
        })
    }

    /// Reads over one item of any allowed type, which must still be deterministic CBOR.
    ///
    /// # Errors
    /// When it is not.
    pub fn skip(&mut self) -> Result<(), ErrorKind> {
        match self.head()? {
            (UINT, _) => Ok(()),
            (BYTES, length) => self.take(length).map(drop),
            (TEXT, length) => core::str::from_utf8(self.take(length)?).map(drop).map_err(|_| ErrorKind::Encoding),
            (ARRAY, count) => self.nested(|decoder| (0..count).try_for_each(|_| decoder.skip())),
            (MAP, remaining) => self.nested(|decoder| {
                let mut map = Map { decoder, remaining, pending: None, last: None };
                while map.next_key()?.is_some() {
                    map.pending = None;
                    map.decoder.skip()?;
                }
                Ok(())
            }),
            _ => Err(ErrorKind::Encoding),
        }
    }
}

/// The members of a map, asked for in ascending order of their keys.
#[derive(Debug)]
pub struct Map<'d, 'a> {
    decoder: &'d mut Decoder<'a>,
    remaining: u64,
    pending: Option<u64>,
    last: Option<u64>,
}

impl<'a> Map<'_, 'a> {
    /// The key of the member that comes next; it stays pending until its value is read.
    fn next_key(&mut self) -> Result<Option<u64>, ErrorKind> {
        if self.pending.is_none() && self.remaining > 0 {
            self.remaining = self.remaining.saturating_sub(1);
            let (UINT, key) = self.decoder.head()? else { return Err(ErrorKind::Encoding) };
            if self.last.is_some_and(|last| key <= last) {
                return Err(ErrorKind::Encoding);
            }
            self.last = Some(key);
            self.pending = Some(key);
        }
        Ok(self.pending)
    }

    /// What stands before the value of the member `key`; None where there is no such member. The value MUST be read next.
    ///
    /// # Errors
    /// A key that is no unsigned integer or out of order.
    pub fn optional(&mut self, key: u64, member: &'static str) -> Result<Option<&mut Decoder<'a>>, ErrorKind> {
        self.decoder.member = member;
        if self.next_key()? != Some(key) {
            return Ok(None);
        }
        self.pending = None;
        Ok(Some(self.decoder))
    }

    /// As [`Map::optional`], for a member that must be there.
    ///
    /// # Errors
    /// As [`Map::optional`], and when the member is missing.
    pub fn required(&mut self, key: u64, member: &'static str) -> Result<&mut Decoder<'a>, ErrorKind> {
        self.optional(key, member)?.ok_or(ErrorKind::Schema)
    }

    /// Reads over extensions; what is critical and was not asked for is an error.
    fn end(&mut self) -> Result<(), ErrorKind> {
        while let Some(key) = self.next_key()? {
            if key < FIRST_EXTENSION_KEY {
                return Err(ErrorKind::Schema);
            }
            self.pending = None;
            self.decoder.skip()?;
        }
        Ok(())
    }
}

/// An item to encode. Maps sort their keys, so every value has its one deterministic encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Major type 0.
    Uint(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Self>),
    /// Major type 5.
    Map(BTreeMap<u64, Self>),
}

impl Value {
    /// A map of the given members; of two with the same key the later one counts.
    pub fn map(members: impl IntoIterator<Item = (u64, Self)>) -> Self {
        Self::Map(members.into_iter().collect())
    }

    /// An array of the given items.
    pub fn array(items: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// The deterministic encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_to(&mut out);
        out
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uint(value) => push_head(out, UINT, *value),
            Self::Bytes(bytes) => {
                push_head(out, BYTES, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                push_head(out, TEXT, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                push_head(out, ARRAY, items.len() as u64);
                items.iter().for_each(|item| item.encode_to(out));
            }
            Self::Map(members) => {
                push_head(out, MAP, members.len() as u64);
                for (key, value) in members {
                    push_head(out, UINT, *key);
                    value.encode_to(out);
                }
            }
        }
    }
}

fn push_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend([major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Uint(value)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
