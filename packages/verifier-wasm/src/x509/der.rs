//! A strict reader of DER (X.690 §8, §10 and §11): every value has one encoding, and every byte is used.

/// Universal tags with their class and their primitive or constructed bit (X.690 §8.1.2).
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const NULL: u8 = 0x05;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const ENUMERATED: u8 = 0x0a;
    pub(in super::super) const UTF8_STRING: u8 = 0x0c;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;

    /// Context-specific, primitive.
    pub(in super::super) const fn implicit(number: u8) -> u8 {
        0x80 | number
    }

    /// Context-specific, constructed.
    pub(in super::super) const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Deepest nesting that is read; a certificate has at most 9 levels.
const MAX_DEPTH: u8 = 16;

/// An element whose content, at every depth, is canonical.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Identifier, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The element that `bytes` begin with. Lengths are definite, minimal (X.690 §10.1) and below 64 KiB.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (tag, header, length): (_, usize, usize) = match *bytes {
            [tag, length @ 0..=0x7f, ..] => (tag, 2, length.into()),
            [tag, 0x81, length @ 0x80..=0xff, ..] => (tag, 3, length.into()),
            [tag, 0x82, high @ 1..=0xff, low, ..] => (tag, 4, u16::from_be_bytes([high, low]).into()),
            _ => return None,
        };
        // Tag numbers from 31 on take more octets (§8.1.2.4); no structure of a certificate has one.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let whole = bytes.get(..header.saturating_add(length))?;
        Some(Self { tag, content: whole.get(header..)?, whole })
    }

    fn is_canonical(&self, depth: u8) -> bool {
        match self.tag {
            tag::BOOLEAN => matches!(self.content, [0x00 | 0xff]),
            tag::INTEGER | tag::ENUMERATED => is_minimal_integer(self.content),
            tag::BIT_STRING => is_bit_string(self.content),
            tag::NULL => self.content.is_empty(),
            tag::OBJECT_IDENTIFIER => is_object_identifier(self.content),
            tag::UTF8_STRING => core::str::from_utf8(self.content).is_ok(),
            tag::SEQUENCE | 0xa0..=0xbe => self.holds_canonical(depth, false),
            tag::SET => self.holds_canonical(depth, true),
            // Times, the other strings, and what a context alone gives a type.
            tag::OCTET_STRING | 0x12..=0x1e | 0x80..=0x9e => true,
            _ => false,
        }
    }

    /// `ascending`: the elements of a SET OF are in the order of their encodings (X.690 §11.6).
    fn holds_canonical(&self, depth: u8, ascending: bool) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let (mut members, mut previous): (_, &[u8]) = (Reader::new(self.content), &[]);
        for element in members.by_ref() {
            if !element.is_canonical(depth) || ascending && element.whole < previous {
                return false;
            }
            previous = element.whole;
        }
        members.end()
    }
}

/// X.690 §8.3.2: the first nine bits are neither all ones nor all zeros.
fn is_minimal_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [_] => true,
        [first, second, ..] => !matches!((first, second & 0x80), (0x00, 0x00) | (0xff, 0x80)),
    }
}

/// X.690 §8.6.2 and §11.2.1: at most seven unused bits, all of them zero.
fn is_bit_string(content: &[u8]) -> bool {
    match content {
        [0] => true,
        [unused @ 0..=7, .., last] => last.trailing_zeros() >= (*unused).into(),
        _ => false,
    }
}

/// X.690 §8.19.2: subidentifiers are complete and without leading zeros.
fn is_object_identifier(content: &[u8]) -> bool {
    let complete = content.last().is_some_and(|last| last & 0x80 == 0);
    complete && content.split_inclusive(|byte| byte & 0x80 == 0).all(|identifier| identifier.first() != Some(&0x80))
}

/// What is left of the content of a constructed element.
///
/// The first member that is not what was asked for spoils the reader: from there on every member is empty and nothing is left,
/// but [`Self::end`] is false, and so it is for the readers of members. What was read stands only once every reader was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    /// A member of any type; None where nothing is left.
    fn next(&mut self) -> Option<Element<'a>> {
        let bytes = self.0.filter(|bytes| !bytes.is_empty())?;
        let element = Element::first(bytes);
        self.0 = element.and_then(|element| bytes.get(element.whole.len()..));
        element
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self(Some(content))
    }

    /// Of the one element that `bytes` are; None unless it and all that it holds are DER.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Self::new(bytes);
        let element = reader.next()?;
        (reader.end() && element.is_canonical(MAX_DEPTH)).then_some(Self::new(bytes))
    }

    /// The next member, which has this tag.
    fn member(&mut self, tag: u8) -> Option<Element<'a>> {
        let element = self.next().filter(|element| element.tag == tag);
        self.demand(element.is_some());
        element
    }

    /// The content of the next member, which has this tag.
    pub(super) fn read(&mut self, tag: u8) -> &'a [u8] {
        self.member(tag).map_or(&[], |element| element.content)
    }

    /// Identifier, length and content of the same.
    pub(super) fn read_whole(&mut self, tag: u8) -> &'a [u8] {
        self.member(tag).map_or(&[], |element| element.whole)
    }

    /// The members of the next member, which has this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Self {
        Self(self.member(tag).map(|element| element.content))
    }

    /// The content of the next member where that has this tag; else nothing is taken.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        let present = self.0.is_some_and(|bytes| bytes.first() == Some(&tag));
        present.then(|| self.read(tag))
    }

    /// The content of an INTEGER that is not negative, without the zero that keeps it so.
    pub(super) fn read_unsigned(&mut self) -> &'a [u8] {
        let content = self.read(tag::INTEGER);
        match content {
            [0x80..=0xff, ..] => self.demand(false),
            [0, digits @ ..] if !digits.is_empty() => return digits,
            _ => {}
        }
        content
    }

    /// The content of a BIT STRING of whole octets.
    pub(super) fn read_octets(&mut self) -> &'a [u8] {
        let octets = self.read(tag::BIT_STRING).strip_prefix(&[0]);
        self.demand(octets.is_some());
        octets.unwrap_or_default()
    }

    /// Spoils the reader where something else about its members is not `met`.
    pub(super) fn demand(&mut self, met: bool) {
        if !met {
            self.0 = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none_or(<[u8]>::is_empty)
    }

    /// Whether every member was what was asked for, and none is left.
    #[must_use]
    pub(super) fn end(&self) -> bool {
        self.0.is_some_and(<[u8]>::is_empty)
    }

    /// What was not read, DER or not; None where the reader is spoiled.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        self.0
    }
}
