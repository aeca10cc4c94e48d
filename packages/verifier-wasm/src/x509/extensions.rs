//! Extensions (RFC 5280 §4.2): those that decide something are read to their end, and no critical one is passed over.

use alloc::vec::Vec;

use super::{
    der::{Element, Reader, tag},
    name::Name,
};
use crate::Code;

/// Content octets of the identifiers under id-ce, 2.5.29.
const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x0e";
const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1d\x11";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
const NAME_CONSTRAINTS: &[u8] = b"\x55\x1d\x1e";
const CERTIFICATE_POLICIES: &[u8] = b"\x55\x1d\x20";
const POLICY_MAPPINGS: &[u8] = b"\x55\x1d\x21";
const AUTHORITY_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x23";
const POLICY_CONSTRAINTS: &[u8] = b"\x55\x1d\x24";
const EXT_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
const INHIBIT_ANY_POLICY: &[u8] = b"\x55\x1d\x36";

/// The extensions of one certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions<'a> {
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<KeyUsage>,
    /// Purposes, as content octets of their identifiers.
    pub(super) ext_key_usage: Option<Vec<&'a [u8]>>,
    pub(super) subject_alt_name: Option<SubjectAltName<'a>>,
    /// Policies, as content octets of their identifiers.
    pub(super) certificate_policies: Vec<&'a [u8]>,
    /// Identifier and value of everything that was not read here; none of it is critical.
    others: Vec<(&'a [u8], Element<'a>)>,
}

/// RFC 5280 §4.2.1.9
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    /// How many intermediates may follow; a number above 255 limits no chain.
    pub(super) path_length: Option<u8>,
}

/// RFC 5280 §4.2.1.3, the first bit as the most significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyUsage(u16);

impl KeyUsage {
    pub(super) const DIGITAL_SIGNATURE: Self = Self(0x8000);
    pub(super) const CONTENT_COMMITMENT: Self = Self(0x4000);
    pub(super) const KEY_CERT_SIGN: Self = Self(0x0400);

    pub(super) fn has(self, usage: Self) -> bool {
        self.0 & usage.0 != 0
    }

    /// Whether the key may do nothing but what the two name.
    pub(super) fn is_within(self, one: Self, other: Self) -> bool {
        self.0 & !(one.0 | other.0) == 0
    }
}

/// RFC 5280 §4.2.1.6, as far as directory names.
#[derive(Clone, Debug)]
pub(super) struct SubjectAltName<'a> {
    pub(super) critical: bool,
    pub(super) directory_names: Vec<Name<'a>>,
}

impl<'a> Extensions<'a> {
    /// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension`.
    ///
    /// # Errors
    /// `chain.syntax`, `chain.duplicate_extension`, `chain.critical_extension`, `chain.extension`,
    /// `chain.name_constraints`, `chain.policy_constraints`.
    pub(super) fn decode(sequence: &Element<'a>) -> Result<Self, Code> {
        let (mut extensions, mut seen) = (Self::default(), Vec::new());
        let mut rest = sequence.children();
        while seen.is_empty() || !rest.is_empty() {
            let (id, critical, value) = extension(&mut rest).ok_or(Code::CHAIN_SYNTAX)?;
            if seen.contains(&id) {
                return Err(Code::CHAIN_DUPLICATE_EXTENSION);
            }
            seen.push(id);
            let value = Element::decode(value).ok_or(Code::CHAIN_EXTENSION)?;
            extensions.take(id, critical, value)?;
        }
        Ok(extensions)
    }

    fn take(&mut self, id: &'a [u8], critical: bool, value: Element<'a>) -> Result<(), Code> {
        match id {
            BASIC_CONSTRAINTS => self.basic_constraints = Some(basic_constraints(&value).ok_or(Code::CHAIN_EXTENSION)?),
            KEY_USAGE => self.key_usage = Some(key_usage(&value).ok_or(Code::CHAIN_EXTENSION)?),
            EXT_KEY_USAGE => self.ext_key_usage = Some(identifiers(&value).ok_or(Code::CHAIN_EXTENSION)?),
            CERTIFICATE_POLICIES => self.certificate_policies = policies(&value).ok_or(Code::CHAIN_EXTENSION)?,
            SUBJECT_ALT_NAME => {
                let (directory_names, complete) = general_names(value.children()).ok_or(Code::CHAIN_EXTENSION)?;
                // Whoever demands that a name be understood must not have it passed over.
                if critical && !complete {
                    return Err(Code::CHAIN_CRITICAL_EXTENSION);
                }
                self.subject_alt_name = Some(SubjectAltName { critical, directory_names });
            }
            SUBJECT_KEY_IDENTIFIER if value.tag == tag::OCTET_STRING => {}
            AUTHORITY_KEY_IDENTIFIER => authority_key_identifier(&value).ok_or(Code::CHAIN_EXTENSION)?,
            SUBJECT_KEY_IDENTIFIER => return Err(Code::CHAIN_EXTENSION),
            // What would have to be applied to the rest of the path, critical or not.
            NAME_CONSTRAINTS => return Err(Code::CHAIN_NAME_CONSTRAINTS),
            POLICY_MAPPINGS | POLICY_CONSTRAINTS | INHIBIT_ANY_POLICY => return Err(Code::CHAIN_POLICY_CONSTRAINTS),
            _ if critical => return Err(Code::CHAIN_CRITICAL_EXTENSION),
            _ => self.others.push((id, value)),
        }
        Ok(())
    }

    /// The value of an extension that only one profile knows.
    pub(super) fn other(&self, id: &[u8]) -> Option<&Element<'a>> {
        self.others.iter().find(|(other, _)| *other == id).map(|(_, value)| value)
    }
}

/// `Extension`: identifier, critical, the octets of the value. DER leaves out `critical` where it is FALSE, its default.
fn extension<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8], bool, &'a [u8])> {
    let mut extension = reader.read(tag::SEQUENCE)?.children();
    let id = extension.read(tag::OBJECT_IDENTIFIER)?.content;
    let critical = true_or_absent(&mut extension)?;
    let value = extension.read(tag::OCTET_STRING)?.content;
    extension.end()?;
    Some((id, critical, value))
}

/// `BOOLEAN DEFAULT FALSE`; None for a FALSE that DER would leave out (X.690 §11.5).
fn true_or_absent(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.read(tag::BOOLEAN) {
        Some(value) => (value.content == [0xff]).then_some(true),
        None => Some(false),
    }
}

fn sequence<'a>(value: &Element<'a>) -> Option<Reader<'a>> {
    (value.tag == tag::SEQUENCE).then(|| value.children())
}

fn basic_constraints(value: &Element<'_>) -> Option<BasicConstraints> {
    let mut members = sequence(value)?;
    let ca = true_or_absent(&mut members)?;
    // A path length says nothing of a key that issues nothing, so it has no place there.
    let path_length = if ca && !members.is_empty() {
        Some(match members.read_unsigned()? {
            &[length] => length,
            _ => u8::MAX,
        })
    } else {
        None
    };
    members.end()?;
    Some(BasicConstraints { ca, path_length })
}

/// A named bit list: no trailing zero bits (X.690 §11.2.2), at least one bit set, none above the nine that have names.
fn key_usage(value: &Element<'_>) -> Option<KeyUsage> {
    let (unused, bits) = match (value.tag, value.content) {
        (tag::BIT_STRING, &[unused, bits]) => (unused, u16::from_be_bytes([bits, 0])),
        (tag::BIT_STRING, &[7, bits, 0x80]) => (7, u16::from_be_bytes([bits, 0x80])),
        _ => return None,
    };
    let last_bit = if bits & 0xff == 0 { bits >> 8 } else { bits };
    (last_bit.trailing_zeros() == u32::from(unused)).then_some(KeyUsage(bits))
}

/// `SEQUENCE SIZE (1..MAX) OF OBJECT IDENTIFIER`
fn identifiers<'a>(value: &Element<'a>) -> Option<Vec<&'a [u8]>> {
    let (mut members, mut identifiers) = (sequence(value)?, Vec::new());
    while identifiers.is_empty() || !members.is_empty() {
        identifiers.push(members.read(tag::OBJECT_IDENTIFIER)?.content);
    }
    Some(identifiers)
}

/// RFC 5280 §4.2.1.4; a policy is listed once. Qualifiers are for people and are not read further.
fn policies<'a>(value: &Element<'a>) -> Option<Vec<&'a [u8]>> {
    let (mut members, mut policies) = (sequence(value)?, Vec::new());
    while policies.is_empty() || !members.is_empty() {
        let mut information = members.read(tag::SEQUENCE)?.children();
        let policy = information.read(tag::OBJECT_IDENTIFIER)?.content;
        if policies.contains(&policy) || !information.is_empty() && information.read(tag::SEQUENCE).is_none() {
            return None;
        }
        information.end()?;
        policies.push(policy);
    }
    Some(policies)
}

/// `GeneralNames`: the directory names, and whether there is nothing else.
fn general_names<'a>(mut names: Reader<'a>) -> Option<(Vec<Name<'a>>, bool)> {
    /// directoryName [4], explicit because Name is a CHOICE
    const DIRECTORY_NAME: u8 = tag::explicit(4);
    let (mut directory_names, mut complete) = (Vec::new(), true);
    while directory_names.is_empty() && complete || !names.is_empty() {
        let name = names.next()?;
        match name.tag {
            DIRECTORY_NAME => {
                let mut inner = name.children();
                directory_names.push(Name::read(&mut inner)?);
                inner.end()?;
            }
            // otherName [0], x400Address [3], ediPartyName [5]; the others are strings and identifiers.
            0xa0 | 0xa3 | 0xa5 | 0x81 | 0x82 | 0x86..=0x88 => complete = false,
            _ => return None,
        }
    }
    Some((directory_names, complete))
}

/// RFC 5280 §4.2.1.1: `authorityCertIssuer` and `authorityCertSerialNumber` come together.
fn authority_key_identifier(value: &Element<'_>) -> Option<()> {
    let mut members = sequence(value)?;
    members.read(tag::implicit(0));
    let issuer = members.read(tag::explicit(1));
    let serial = members.read(tag::implicit(2));
    if let Some(issuer) = &issuer {
        general_names(issuer.children())?;
    }
    members.end().filter(|()| issuer.is_some() == serial.is_some())
}
