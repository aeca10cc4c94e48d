//! Extensions (RFC 5280 §4.2): those that decide something are read to their end, and no critical one is passed over.

use super::{
    der::{Reader, tag},
    form::Form,
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
    #[cfg(any(test, feature = "inspect"))]
    pub(super) const KEY_ENCIPHERMENT: Self = Self(0x2000);
    #[cfg(any(test, feature = "inspect"))]
    pub(super) const KEY_AGREEMENT: Self = Self(0x0800);
    pub(super) const KEY_CERT_SIGN: Self = Self(0x0400);

    pub(super) fn has(self, usage: Self) -> bool {
        self.0 & usage.0 != 0
    }

    pub(super) fn without(self, usage: Self) -> Self {
        Self(self.0 & !usage.0)
    }
}

/// KeyPurposeIds (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug)]
pub(super) struct Purposes<'a>(Reader<'a>);

impl Purposes<'_> {
    pub(super) fn has(&self, purpose: &[u8]) -> bool {
        let mut list = self.0;
        list.any(|identifier| identifier.content == purpose)
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
        let mut members = list.enter(tag::SEQUENCE);
        let extension = Self {
            id: members.read(tag::OBJECT_IDENTIFIER),
            critical: true_or_absent(&mut members),
            value: members.read(tag::OCTET_STRING),
        };
        members.end().then_some(extension)
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
            list,
            basic_constraints: BasicConstraints::default(),
            key_usage: KeyUsage::default(),
            ext_key_usage: None,
            critical_alt_name: false,
        };
        let mut rest = list;
        loop {
            let extension = Extension::read(&mut rest).ok_or(Code::CHAIN_SYNTAX)?;
            if find(rest, extension.id).is_some() {
                return Err(Code::CHAIN_DUPLICATE_EXTENSION);
            }
            extensions.take(&extension, form)?;
            if rest.is_empty() {
                return Ok(extensions);
            }
        }
    }

    fn take(&mut self, extension: &Extension<'a>, form: Form) -> Result<(), Code> {
        if form == Form::Amd && extension.id == AMD_HW_ID && !extension.critical {
            return Ok(());
        }
        match extension.id {
            // What would have to be applied to the rest of the path, critical or not.
            NAME_CONSTRAINTS => return Err(Code::CHAIN_NAME_CONSTRAINTS),
            POLICY_MAPPINGS | POLICY_CONSTRAINTS | INHIBIT_ANY_POLICY => return Err(Code::CHAIN_POLICY_CONSTRAINTS),
            _ => {}
        }
        let value = Reader::decode(extension.value).ok_or(Code::CHAIN_EXTENSION)?;
        let understood = self.read(extension, value, form).ok_or(Code::CHAIN_EXTENSION)?;
        if extension.critical && !understood { Err(Code::CHAIN_CRITICAL_EXTENSION) } else { Ok(()) }
    }

    /// Whether all that the extension says is heeded; None where it is malformed.
    fn read(&mut self, extension: &Extension<'a>, mut value: Reader<'a>, form: Form) -> Option<bool> {
        match extension.id {
            BASIC_CONSTRAINTS => self.basic_constraints = basic_constraints(value)?,
            // AMD writes one zero bit too many.
            KEY_USAGE if form == Form::Amd && extension.value == b"\x03\x02\x01\x04" => {
                self.key_usage = KeyUsage::KEY_CERT_SIGN;
            }
            KEY_USAGE => self.key_usage = key_usage(value)?,
            EXT_KEY_USAGE => self.ext_key_usage = Some(purposes(value)?),
            CERTIFICATE_POLICIES => policies(value)?,
            SUBJECT_KEY_IDENTIFIER => {
                value.optional(tag::OCTET_STRING)?;
            }
            AUTHORITY_KEY_IDENTIFIER => authority_key_identifier(value)?,
            SUBJECT_ALT_NAME => {
                let only_directory_names = general_names(value.enter(tag::SEQUENCE))?;
                self.critical_alt_name = extension.critical && only_directory_names;
                return Some(only_directory_names);
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// The value of an extension that only some certificates have.
    pub(super) fn value(&self, id: &[u8]) -> Option<Reader<'a>> {
        Reader::decode(self.octets(id)?)
    }

    /// The same where the value is not DER.
    pub(super) fn octets(&self, id: &[u8]) -> Option<&'a [u8]> {
        find(self.list, id)
    }

    /// The value of an attribute of the subject, from the first directory name of the subjectAltName.
    pub(super) fn alt_name_attribute(&self, kind: &[u8]) -> Option<&'a [u8]> {
        let mut names = self.value(SUBJECT_ALT_NAME)?.enter(tag::SEQUENCE);
        let name = names.find(|name| name.tag == DIRECTORY_NAME)?;
        Name::decode(name.content)?.value(kind)
    }

    /// Whether one of the certificate's policies (RFC 5280 §4.2.1.4) is `accepted`, by the content octets of its identifier.
    pub(super) fn has_policy(&self, accepted: &[&[u8]]) -> bool {
        let Some(mut policies) = self.value(CERTIFICATE_POLICIES) else { return false };
        policies
            .enter(tag::SEQUENCE)
            .any(|policy| accepted.contains(&Reader::new(policy.content).read(tag::OBJECT_IDENTIFIER)))
    }
}

/// The value of the first extension of an identifier.
fn find<'a>(mut list: Reader<'a>, id: &[u8]) -> Option<&'a [u8]> {
    while let Some(extension) = Extension::read(&mut list) {
        if extension.id == id {
            return Some(extension.value);
        }
    }
    None
}

/// `BOOLEAN DEFAULT FALSE`; spoils the reader for a FALSE that DER would leave out (X.690 §11.5).
fn true_or_absent(reader: &mut Reader<'_>) -> bool {
    let value = reader.optional(tag::BOOLEAN);
    reader.demand(value.is_none_or(|value| value == [0xff]));
    value.is_some()
}

fn basic_constraints(mut value: Reader<'_>) -> Option<BasicConstraints> {
    let mut members = value.enter(tag::SEQUENCE);
    let ca = true_or_absent(&mut members);
    // A path length says nothing of a key that issues nothing, so it has no place there.
    let path_length = (ca && !members.is_empty()).then(|| match members.read_unsigned() {
        &[length] => length,
        _ => u8::MAX,
    });
    members.end().then_some(BasicConstraints { ca, path_length })
}

/// A named bit list: no trailing zero bits (X.690 §11.2.2), at least one bit set, none above the nine that have names.
fn key_usage(mut value: Reader<'_>) -> Option<KeyUsage> {
    let (unused, bits) = match *value.optional(tag::BIT_STRING)? {
        [unused, bits] => (unused, bits),
        // decipherOnly, the ninth
        [7, bits, 0x80] => return Some(KeyUsage(u16::from_be_bytes([bits, 0x80]))),
        _ => return None,
    };
    (bits.trailing_zeros() == u32::from(unused)).then_some(KeyUsage(u16::from_be_bytes([bits, 0])))
}

/// `SEQUENCE SIZE (1..MAX) OF KeyPurposeId`
fn purposes(mut value: Reader<'_>) -> Option<Purposes<'_>> {
    let list = value.enter(tag::SEQUENCE);
    let mut rest = list;
    loop {
        rest.read(tag::OBJECT_IDENTIFIER);
        if rest.is_empty() {
            return rest.end().then_some(Purposes(list));
        }
    }
}

/// `SEQUENCE SIZE (1..MAX) OF PolicyInformation` (RFC 5280 §4.2.1.4), each listed once. Qualifiers are for people.
fn policies(mut value: Reader<'_>) -> Option<()> {
    let mut list = value.enter(tag::SEQUENCE);
    loop {
        let mut information = list.enter(tag::SEQUENCE);
        let policy = information.read_whole(tag::OBJECT_IDENTIFIER);
        // `policyQualifiers SEQUENCE SIZE (1..MAX)`
        let qualified = information.optional(tag::SEQUENCE).is_none_or(|qualifiers| !qualifiers.is_empty());
        let mut others = list;
        let listed_again = others.any(|other| other.content.starts_with(policy));
        if !information.end() || !qualified || listed_again {
            return None;
        }
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
                Name::decode(name.content)?;
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
fn authority_key_identifier(mut value: Reader<'_>) -> Option<()> {
    let mut members = value.enter(tag::SEQUENCE);
    members.optional(tag::implicit(0));
    let issuer = members.optional(tag::explicit(1));
    let serial = members.optional(tag::implicit(2));
    if let Some(issuer) = issuer {
        general_names(Reader::new(issuer))?;
    }
    (members.end() && issuer.is_some() == serial.is_some()).then_some(())
}
