//! Name (RFC 5280 §4.1.2.4): RDNSequence, the one choice there is.

use alloc::vec::Vec;

use super::der::{Element, Reader, tag};

/// A Name whose structure was read to its end. Names are compared by their bytes: RFC 5280 §7.1 would fold case and white
/// space, but an issuer that copies its own subject needs none of that.
#[derive(Clone, Debug)]
pub(crate) struct Name<'a> {
    encoded: &'a [u8],
    attributes: Vec<Attribute<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Attribute<'a> {
    kind: &'a [u8],
    value: &'a [u8],
}

impl<'a> Name<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Self::from_element(&reader.read(tag::SEQUENCE)?)
    }

    fn from_element(sequence: &Element<'a>) -> Option<Self> {
        let mut attributes = Vec::new();
        let mut names = sequence.children();
        while !names.is_empty() {
            let mut set = names.read(tag::SET)?.children();
            // RelativeDistinguishedName ::= SET SIZE (1..MAX)
            loop {
                let mut pair = set.read(tag::SEQUENCE)?.children();
                let (kind, value) = (pair.read(tag::OBJECT_IDENTIFIER)?.content, pair.next()?.content);
                pair.end()?;
                attributes.push(Attribute { kind, value });
                if set.is_empty() {
                    break;
                }
            }
        }
        Some(Self { encoded: sequence.whole, attributes })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The values of all attributes of a type, in their order.
    pub(super) fn values(&self, kind: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        self.attributes.iter().filter(move |attribute| attribute.kind == kind).map(|attribute| attribute.value)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}
