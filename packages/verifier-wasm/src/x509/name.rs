//! Name (RFC 5280 §4.1.2.4): RDNSequence, the one choice there is.

use super::der::{Reader, tag};

/// A Name whose structure was read to its end. Names are compared by their bytes: RFC 5280 §7.1 would fold case and white
/// space, but an issuer that copies its own subject needs none of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// The next member of `reader`, which it spoils where that is no Name.
    pub(super) fn read(reader: &mut Reader<'a>) -> Self {
        let name = Self(reader.read_whole(tag::SEQUENCE));
        let mut sets = name.sets();
        while !sets.is_empty() {
            let mut set = sets.enter(tag::SET);
            // RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
            loop {
                let mut attribute = set.enter(tag::SEQUENCE);
                attribute.read(tag::OBJECT_IDENTIFIER);
                let value = attribute.next();
                reader.demand(value.is_some() && attribute.end());
                if set.is_empty() {
                    break;
                }
            }
        }
        name
    }

    /// The one Name that `content` is.
    pub(super) fn decode(content: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(content);
        let name = Self::read(&mut reader);
        reader.end().then_some(name)
    }

    fn sets(&self) -> Reader<'a> {
        Reader::new(self.0).enter(tag::SEQUENCE)
    }

    pub(crate) fn der(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sets().is_empty()
    }

    /// The value of the one attribute of a type; None where there are several.
    pub(super) fn value(&self, kind: &[u8]) -> Option<&'a [u8]> {
        let mut found = None;
        for set in self.sets() {
            for attribute in Reader::new(set.content) {
                let mut members = Reader::new(attribute.content);
                if members.read(tag::OBJECT_IDENTIFIER) == kind && found.replace(members.next()?.content).is_some() {
                    return None;
                }
            }
        }
        found
    }
}
