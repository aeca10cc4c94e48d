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
    /// The one element that `bytes` are; None unless it and all that it holds are DER.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (element, rest) = Self::split(bytes)?;
        (rest.is_empty() && element.is_canonical(MAX_DEPTH)).then_some(element)
    }

    /// The element that `bytes` begin with, and what follows it. Lengths are definite, minimal (X.690 §10.1) and below 64 KiB.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[tag, first], rest) = bytes.split_first_chunk()?;
        // Tag numbers from 31 on take more octets (§8.1.2.4); no structure of a certificate has one.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = match first {
            0..=0x7f => (first.into(), rest),
            0x81 => {
                rest.split_first().map(|(&length, rest)| (length.into(), rest)).filter(|(length, _)| *length >= 0x80)?
            }
            0x82 => rest
                .split_first_chunk()
                .map(|(&length, rest)| (u16::from_be_bytes(length), rest))
                .filter(|(length, _)| *length >= 0x100)?,
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length.into())?;
        let whole = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
        Some((Self { tag, content, whole }, rest))
    }

    pub(super) fn children(&self) -> Reader<'a> {
        Reader(self.content)
    }

    /// Its members; None unless it is a SEQUENCE.
    pub(super) fn sequence(&self) -> Option<Reader<'a>> {
        (self.tag == tag::SEQUENCE).then(|| self.children())
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
        let (mut rest, mut previous): (_, &[u8]) = (self.content, &[]);
        while !rest.is_empty() {
            let Some((element, after)) = Self::split(rest) else { return false };
            if !element.is_canonical(depth) || ascending && element.whole < previous {
                return false;
            }
            (rest, previous) = (after, element.whole);
        }
        true
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
#[derive(Clone, Debug, Default)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = Element::split(self.0)?;
        self.0 = rest;
        Some(element)
    }
}

impl<'a> Reader<'a> {
    /// None, and nothing is taken, unless the next element has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() == Some(&tag) { self.next() } else { None }
    }

    /// The content of an INTEGER that is not negative, without the zero that keeps it so.
    pub(super) fn read_unsigned(&mut self) -> Option<&'a [u8]> {
        match self.read(tag::INTEGER)?.content {
            [0x80..=0xff, ..] => None,
            [0, digits @ ..] if !digits.is_empty() => Some(digits),
            digits => Some(digits),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
