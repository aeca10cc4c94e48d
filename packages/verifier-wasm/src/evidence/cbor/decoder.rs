//! Reads what deterministic CBOR says.

use alloc::vec::Vec;

use super::{ARRAY, BYTES, Error, ErrorKind, FIRST_EXTENSION_KEY, MAP, MAX_DEPTH, TEXT, UINT, walk};

/// Reads one item after another from a byte string; what it returns borrows from there.
///
/// The first error stays and everything after it reads as nothing: zero, empty, absent. So readers are written straight on, and
/// [`decode`], the only way to a value, asks for the error last.
#[derive(Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    /// Members of the map or items of the array that is being read that were not read yet.
    left: usize,
    member: &'static str,
    error: Option<Error>,
    /// That of the first member that is longer than it may be: told when there is no other.
    too_long: Option<Error>,
    /// Whether extensions are an error too.
    is_closed: bool,
}

/// Decodes exactly one item that takes up the whole input.
///
/// # Errors
/// [`ErrorKind::Encoding`] unless all of it is one item of deterministic CBOR, whatever it says; then the first that `read` met.
pub fn decode<'a, T, E: From<Error>>(bytes: &'a [u8], read: impl FnOnce(&mut Decoder<'a>) -> T) -> Result<T, E> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder);
    match decoder.error() {
        None => Ok(value),
        Some(error) => Err((*error).into()),
    }
}

impl<'a> Decoder<'a> {
    /// Checks the encoding of all of it, so that everything after can only meet what it did not expect.
    fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { rest: bytes, left: 0, member: "", error: None, too_long: None, is_closed: false };
        let mut after = bytes;
        if walk::skip(&mut after, MAX_DEPTH).is_none() || !after.is_empty() {
            decoder.fail(ErrorKind::Encoding);
        }
        decoder
    }

    fn error(&self) -> Option<&Error> {
        self.error.as_ref().or(self.too_long.as_ref())
    }

    #[cold]
    fn fail(&mut self, kind: ErrorKind) {
        self.error.get_or_insert(Error { kind, member: self.member });
        self.rest = &[];
    }

    /// Notes an error of the member that was just read, unless it `is_allowed`.
    #[inline(never)]
    pub fn ensure(&mut self, is_allowed: bool) {
        if !is_allowed {
            self.fail(ErrorKind::Schema);
        }
    }

    /// The argument of the next item, which must be of the `major` type.
    fn head(&mut self, major: u8) -> u64 {
        match walk::head(&mut self.rest) {
            Some((found, argument)) if found == major => argument,
            _ => {
                self.fail(ErrorKind::Schema);
                0
            }
        }
    }

    fn string(&mut self, major: u8) -> &'a [u8] {
        let length = self.head(major);
        walk::take(&mut self.rest, length).unwrap_or_else(|| {
            self.fail(ErrorKind::Encoding);
            &[]
        })
    }

    /// Reads an unsigned integer.
    pub fn uint(&mut self) -> u64 {
        self.head(UINT)
    }

    /// Reads the version of the protocol that the members after it belong to: [`ErrorKind::Version`] when it is not `known`.
    pub fn version(&mut self, known: u64) -> u64 {
        let version = self.uint();
        if version != known {
            self.fail(ErrorKind::Version);
        }
        version
    }

    /// Reads a byte string.
    pub fn bytes(&mut self) -> &'a [u8] {
        self.string(BYTES)
    }

    /// Reads a byte string of 1 to `most` bytes.
    pub fn sized(&mut self, most: usize) -> &'a [u8] {
        let bytes = self.bytes();
        self.ensure((1..=most).contains(&bytes.len()));
        bytes
    }

    /// Reads a byte string: [`ErrorKind::Size`] of `member` when it has more than `most` bytes and nothing else is wrong.
    pub fn at_most(&mut self, most: usize, member: &'static str) -> &'a [u8] {
        let bytes = self.bytes();
        if bytes.len() > most {
            self.too_long.get_or_insert(Error { kind: ErrorKind::Size, member });
        }
        bytes
    }

    /// Reads a byte string of exactly `N` bytes.
    pub fn array_of_bytes<const N: usize>(&mut self) -> &'a [u8; N] {
        self.bytes().try_into().unwrap_or_else(|_| {
            self.fail(ErrorKind::Schema);
            const { &[0; N] }
        })
    }

    /// Reads a text string.
    pub fn text(&mut self) -> &'a str {
        core::str::from_utf8(self.string(TEXT)).unwrap_or_else(|_| {
            self.fail(ErrorKind::Encoding);
            ""
        })
    }

    /// Reads an array of `least` to `most` items, each by `read`.
    pub fn list<T>(&mut self, least: usize, most: usize, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        self.each(least, most, |decoder| items.push(read(decoder)));
        items
    }

    /// As [`Decoder::list`], where nothing is kept.
    pub fn each(&mut self, least: usize, most: usize, mut read: impl FnMut(&mut Self)) {
        self.each_dyn(least, most, &mut read);
    }

    /// One copy of the loop for all lists keeps the module small.
    #[inline(never)]
    fn each_dyn(&mut self, least: usize, most: usize, read: &mut dyn FnMut(&mut Self)) {
        let outer = self.enter(ARRAY);
        self.ensure((least..=most).contains(&self.left));
        while self.more() {
            read(self);
        }
        self.left = outer;
    }

    /// From here on every unknown member of a map is an error, an extension too.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Reads a map: `read` asks for members in ascending order of their keys. Extensions are read over; what is critical and was
    /// not asked for is an error.
    pub fn map<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.enter(MAP);
        let value = read(self);
        self.end(outer);
        value
    }

    /// Begins an array or a map; returns what is left of the one around it.
    fn enter(&mut self, major: u8) -> usize {
        let count = usize::try_from(self.head(major));
        self.ensure(count.is_ok());
        core::mem::replace(&mut self.left, count.unwrap_or_default())
    }

    fn end(&mut self, outer: usize) {
        while self.more() {
            let key = self.uint();
            let is_extension = key >= FIRST_EXTENSION_KEY && !self.is_closed;
            self.ensure(is_extension);
            self.skip();
        }
        self.left = outer;
    }

    /// Whether there is another item, which the caller reads next.
    #[inline(never)]
    fn more(&mut self) -> bool {
        let is_left = self.left > 0 && self.error.is_none();
        self.left = self.left.saturating_sub(1);
        is_left
    }

    /// Stands before the value of the member `key` of the map that is being read, below 24; None where there is no such member.
    /// The value MUST be read next.
    pub fn optional(&mut self, key: u8, member: &'static str) -> Option<&mut Self> {
        debug_assert!(key < 24, "only such a key is encoded as itself");
        self.member = member;
        match self.rest.split_first() {
            Some((next, value)) if *next == key && self.left > 0 => {
                self.rest = value;
                self.left = self.left.saturating_sub(1);
                Some(self)
            }
            _ => None,
        }
    }

    /// As [`Decoder::optional`], for a member that must be there.
    pub fn required(&mut self, key: u8, member: &'static str) -> &mut Self {
        let is_there = self.optional(key, member).is_some();
        self.ensure(is_there);
        self
    }

    /// Reads over one item.
    pub fn skip(&mut self) {
        if walk::skip(&mut self.rest, MAX_DEPTH).is_none() {
            self.fail(ErrorKind::Encoding);
        }
    }
}
