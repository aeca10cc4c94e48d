//! Name (RFC 5280 §4.1.2.4): RDNSequence, the one choice there is.

use super::der::{Element, Reader, tag};

/// A Name whose structure was read to its end. Names are compared by their bytes: RFC 5280 §7.1 would fold case and white
/// space, but an issuer that copies its own subject needs none of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a>(Element<'a>);

impl<'a> Name<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let name = reader.read(tag::SEQUENCE)?;
        let mut sets = name.children();
        while !sets.is_empty() {
            let mut set = sets.read(tag::SET)?.children();
            // RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
            loop {
                let mut attribute = set.read(tag::SEQUENCE)?.children();
                attribute.read(tag::OBJECT_IDENTIFIER)?;
                attribute.next()?;
                attribute.end()?;
                if set.is_empty() {
                    break;
                }
            }
        }
        Some(Self(name))
    }

    pub(crate) fn der(&self) -> &'a [u8] {
        self.0.whole
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.content.is_empty()
    }

    /// The value of the one attribute of a type; None where there are several.
    pub(super) fn value(&self, kind: &[u8]) -> Option<&'a [u8]> {
        let mut found = None;
        for set in self.0.children() {
            for attribute in set.children() {
                let mut members = attribute.children();
                if members.next()?.content == kind && found.replace(members.next()?.content).is_some() {
                    return None;
                }
            }
        }
        found
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.whole == other.0.whole
    }
}
