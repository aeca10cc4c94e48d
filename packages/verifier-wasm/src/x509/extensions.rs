//! Extensions (RFC 5280 §4.2): those that decide something are read to their end, and no critical one is passed over.

use super::{
    certificate::Form,
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

/// hwID of AMD, 1.3.6.1.4.1.3704.1.4: octets that are not DER.
pub(super) const AMD_HW_ID: &[u8] = b"\x2b\x06\x01\x04\x01\x9c\x78\x01\x04";

/// directoryName [4] of GeneralName, explicit because Name is a CHOICE.
const DIRECTORY_NAME: u8 = tag::explicit(4);

/// The extensions of one certificate.
#[derive(Clone, Debug)]
pub(crate) struct Extensions<'a> {
    list: Reader<'a>,
    pub(super) basic_constraints: BasicConstraints,
    pub(super) key_usage: KeyUsage,
    /// None: any purpose.
    pub(super) ext_key_usage: Option<Purposes<'a>>,
    /// The subject is named by a subjectAltName that must not be passed over: one directory name at least, and nothing else.
    pub(super) critical_alt_name: bool,
}

/// RFC 5280 §4.2.1.9; its default where a certificate has none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    /// How many intermediates may follow; a number above 255 limits no chain.
    pub(super) path_length: Option<u8>,
}

/// RFC 5280 §4.2.1.3, the first bit as the most significant; zero where a certificate has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyUsage(u16);

impl KeyUsage {
    pub(super) const DIGITAL_SIGNATURE: Self = Self(0x8000);
    pub(super) const CONTENT_COMMITMENT: Self = Self(0x4000);
    pub(super) const KEY_CERT_SIGN: Self = Self(0x0400);

    pub(super) fn has(self, usage: Self) -> bool {
        self.0 & usage.0 != 0
    }

    pub(super) fn without(self, usage: Self) -> Self {
        Self(self.0 & !usage.0)
    }
}

/// KeyPurposeIds (RFC 5280 §4.2.1.12).
#[derive(Clone, Debug)]
pub(super) struct Purposes<'a>(Reader<'a>);

impl Purposes<'_> {
    pub(super) fn has(&self, purpose: &[u8]) -> bool {
        self.0.clone().any(|identifier| identifier.content == purpose)
    }
}

/// `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }`
struct Extension<'a> {
    id: &'a [u8],
    critical: bool,
    value: &'a [u8],
}

impl<'a> Extension<'a> {
    fn read(list: &mut Reader<'a>) -> Option<Self> {
        let mut members = list.read(tag::SEQUENCE)?.children();
        let id = members.read(tag::OBJECT_IDENTIFIER)?.content;
        let critical = true_or_absent(&mut members)?;
        let value = members.read(tag::OCTET_STRING)?.content;
        members.end()?;
        Some(Self { id, critical, value })
    }
}

impl<'a> Extensions<'a> {
    /// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension`.
    ///
    /// # Errors
    /// `chain.syntax`, `chain.duplicate_extension`, `chain.critical_extension`, `chain.extension`,
    /// `chain.name_constraints`, `chain.policy_constraints`.
    pub(super) fn decode(list: Reader<'a>, form: Form) -> Result<Self, Code> {
        let mut extensions = Self {
            list: list.clone(),
            basic_constraints: BasicConstraints::default(),
            key_usage: KeyUsage::default(),
            ext_key_usage: None,
            critical_alt_name: false,
        };
        let mut rest = list;
        loop {
            let extension = Extension::read(&mut rest).ok_or(Code::CHAIN_SYNTAX)?;
            let again = |mut rest: Reader<'a>| {
                core::iter::from_fn(|| Extension::read(&mut rest)).any(|other| other.id == extension.id)
            };
            if again(rest.clone()) {
                return Err(Code::CHAIN_DUPLICATE_EXTENSION);
            }
            extensions.take(&extension, form)?;
            if rest.is_empty() {
                return Ok(extensions);
            }
        }
    }

    fn take(&mut self, extension: &Extension<'a>, form: Form) -> Result<(), Code> {
        match extension.id {
            AMD_HW_ID if form == Form::Amd && !extension.critical => return Ok(()),
            // What would have to be applied to the rest of the path, critical or not.
            NAME_CONSTRAINTS => return Err(Code::CHAIN_NAME_CONSTRAINTS),
            POLICY_MAPPINGS | POLICY_CONSTRAINTS | INHIBIT_ANY_POLICY => return Err(Code::CHAIN_POLICY_CONSTRAINTS),
            _ => {}
        }
        let value = Element::decode(extension.value).ok_or(Code::CHAIN_EXTENSION)?;
        let understood = self.read(extension, &value, form).ok_or(Code::CHAIN_EXTENSION)?;
        if extension.critical && !understood { Err(Code::CHAIN_CRITICAL_EXTENSION) } else { Ok(()) }
    }

    /// Whether all that the extension says is heeded; None where it is malformed.
    fn read(&mut self, extension: &Extension<'a>, value: &Element<'a>, form: Form) -> Option<bool> {
        match extension.id {
            BASIC_CONSTRAINTS => self.basic_constraints = basic_constraints(value)?,
            // AMD writes one zero bit too many.
            KEY_USAGE if form == Form::Amd && value.whole == b"\x03\x02\x01\x04" => {
                self.key_usage = KeyUsage::KEY_CERT_SIGN;
            }
            KEY_USAGE => self.key_usage = key_usage(value)?,
            EXT_KEY_USAGE => self.ext_key_usage = Some(purposes(value)?),
            CERTIFICATE_POLICIES => policies(value)?,
            SUBJECT_KEY_IDENTIFIER => (value.tag == tag::OCTET_STRING).then_some(())?,
            AUTHORITY_KEY_IDENTIFIER => authority_key_identifier(value)?,
            SUBJECT_ALT_NAME => {
                let only_directory_names = general_names(value.sequence()?)?;
                self.critical_alt_name = extension.critical && only_directory_names;
                return Some(only_directory_names);
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// The value of an extension that only some certificates have.
    pub(super) fn value(&self, id: &[u8]) -> Option<Element<'a>> {
        Element::decode(self.octets(id)?)
    }

    /// The same where the value is not DER.
    pub(super) fn octets(&self, id: &[u8]) -> Option<&'a [u8]> {
        let mut list = self.list.clone();
        let found = core::iter::from_fn(|| Extension::read(&mut list)).find(|extension| extension.id == id)?;
        Some(found.value)
    }

    /// The value of an attribute of the subject, from the first directory name of the subjectAltName.
    pub(super) fn alt_name_attribute(&self, kind: &[u8]) -> Option<&'a [u8]> {
        let mut names = self.value(SUBJECT_ALT_NAME)?.children();
        Name::read(&mut names.find(|name| name.tag == DIRECTORY_NAME)?.children())?.value(kind)
    }

    /// Whether one of the certificate's policies (RFC 5280 §4.2.1.4) is `accepted`, by the content octets of its identifier.
    pub(super) fn has_policy(&self, accepted: impl Fn(&[u8]) -> bool) -> bool {
        let Some(policies) = self.value(CERTIFICATE_POLICIES) else { return false };
        policies
            .children()
            .any(|policy| policy.children().next().is_some_and(|identifier| accepted(identifier.content)))
    }
}

/// `BOOLEAN DEFAULT FALSE`; None for a FALSE that DER would leave out (X.690 §11.5).
fn true_or_absent(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.read(tag::BOOLEAN) {
        Some(value) => (value.content == [0xff]).then_some(true),
        None => Some(false),
    }
}

fn basic_constraints(value: &Element<'_>) -> Option<BasicConstraints> {
    let mut members = value.sequence()?;
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
        (tag::BIT_STRING, &[unused, bits]) => (unused, bits),
        // decipherOnly, the ninth
        (tag::BIT_STRING, &[7, bits, 0x80]) => return Some(KeyUsage(u16::from_be_bytes([bits, 0x80]))),
        _ => return None,
    };
    (bits.trailing_zeros() == u32::from(unused)).then_some(KeyUsage(u16::from_be_bytes([bits, 0])))
}

/// `SEQUENCE SIZE (1..MAX) OF KeyPurposeId`
fn purposes<'a>(value: &Element<'a>) -> Option<Purposes<'a>> {
    let list = value.sequence()?;
    let well_formed = !list.is_empty() && list.clone().all(|identifier| identifier.tag == tag::OBJECT_IDENTIFIER);
    well_formed.then_some(Purposes(list))
}

/// `SEQUENCE SIZE (1..MAX) OF PolicyInformation` (RFC 5280 §4.2.1.4), each listed once. Qualifiers are for people.
fn policies(value: &Element<'_>) -> Option<()> {
    let mut list = value.sequence()?;
    loop {
        let mut information = list.read(tag::SEQUENCE)?.children();
        let policy = information.read(tag::OBJECT_IDENTIFIER)?;
        if list.clone().any(|other| other.content.starts_with(policy.whole)) {
            return None;
        }
        // `policyQualifiers SEQUENCE SIZE (1..MAX)`
        if information.read(tag::SEQUENCE).is_some_and(|qualifiers| qualifiers.content.is_empty()) {
            return None;
        }
        information.end()?;
        if list.is_empty() {
            return Some(());
        }
    }
}

/// `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName` (RFC 5280 §4.2.1.6): whether all are directory names.
fn general_names(mut names: Reader<'_>) -> Option<bool> {
    let mut only_directory_names = true;
    loop {
        let name = names.next()?;
        match name.tag {
            DIRECTORY_NAME => {
                let mut inner = name.children();
                Name::read(&mut inner)?;
                inner.end()?;
            }
            // otherName [0], x400Address [3], ediPartyName [5]; rfc822Name [1], dNSName [2], URI [6], iPAddress [7], registeredID [8]
            0xa0 | 0xa3 | 0xa5 | 0x81 | 0x82 | 0x86..=0x88 => only_directory_names = false,
            _ => return None,
        }
        if names.is_empty() {
            return Some(only_directory_names);
        }
    }
}

/// RFC 5280 §4.2.1.1: `authorityCertIssuer` and `authorityCertSerialNumber` come together.
fn authority_key_identifier(value: &Element<'_>) -> Option<()> {
    let mut members = value.sequence()?;
    members.read(tag::implicit(0));
    let issuer = members.read(tag::explicit(1));
    let serial = members.read(tag::implicit(2));
    if let Some(issuer) = &issuer {
        general_names(issuer.children())?;
    }
    members.end().filter(|()| issuer.is_some() == serial.is_some())
}
