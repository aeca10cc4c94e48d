//! Reads deterministic CBOR and refuses everything else.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::{ARRAY, BYTES, Error, ErrorKind, FIRST_EXTENSION_KEY, MAP, MAX_DEPTH, TEXT, UINT};

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
