//! Certificate, version 3 (RFC 5280 §4.1).

use super::{
    der::{Reader, tag},
    extensions::Extensions,
    form::Form,
    key::{self, SignatureAlgorithm},
    name::Name,
    time,
};
use crate::{Code, signature::PublicKey};

/// id-at-commonName (RFC 5280 appendix A.1)
const COMMON_NAME: &[u8] = b"\x55\x04\x03";

/// A certificate, every field read and every byte used. That its issuer signed it is not yet known.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    /// All of it.
    pub(crate) der: &'a [u8],
    /// TBSCertificate, which the issuer signs.
    tbs: &'a [u8],
    /// Digits of the number, most significant first; 1 to 20.
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: Name<'a>,
    pub(super) validity: Validity,
    pub(crate) subject: Name<'a>,
    pub(crate) key: PublicKey<'a>,
    pub(crate) extensions: Extensions<'a>,
    algorithm: SignatureAlgorithm,
    signature: &'a [u8],
}

/// In seconds since 1970, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) not_before: i64,
    pub(super) not_after: i64,
}

impl<'a> Certificate<'a> {
    /// The last second of its validity, since 1970.
    pub(crate) const fn valid_until(&self) -> i64 {
        self.validity.not_after
    }

    /// # Errors
    /// `chain.encoding` where `bytes` are not DER to the end, `chain.syntax` where that is no certificate, and the codes of its
    /// parts.
    pub(crate) fn decode(bytes: &'a [u8], form: Form) -> Result<Self, Code> {
        let reader = Reader::decode(bytes).ok_or(Code::CHAIN_ENCODING)?;
        let parts = Parts::read(reader).ok_or(Code::CHAIN_SYNTAX)?;
        // Absent is version 1; the only one with extensions is v3(2).
        if parts.version != Some(&[tag::INTEGER, 1, 2]) {
            return Err(Code::CHAIN_VERSION);
        }
        if parts.inner_algorithm != parts.outer_algorithm {
            return Err(Code::CHAIN_ALGORITHM_MISMATCH);
        }
        let algorithm = SignatureAlgorithm::from_identifier(parts.inner_algorithm, form);
        let extensions = Extensions::decode(parts.extensions, form)?;
        if parts.issuer.is_empty() || parts.subject.is_empty() && !extensions.critical_alt_name {
            return Err(Code::CHAIN_NAME);
        }
        Ok(Self {
            der: bytes,
            tbs: parts.tbs,
            serial: serial(parts.serial, form).ok_or(Code::CHAIN_SERIAL)?,
            issuer: parts.issuer,
            validity: validity(parts.validity).ok_or(Code::CHAIN_TIME)?,
            subject: parts.subject,
            key: key::decode(parts.key)?,
            extensions,
            algorithm: algorithm.ok_or(Code::CHAIN_SIGNATURE_ALGORITHM)?,
            signature: parts.signature,
        })
    }

    /// Of the subject; None without one, or with several.
    pub(crate) fn common_name(&self) -> Option<&'a [u8]> {
        self.subject.value(COMMON_NAME)
    }

    /// Whether issuer and subject are one (RFC 5280 §3.2).
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    pub(super) fn is_signed_by(&self, issuer: &PublicKey<'_>) -> bool {
        key::verifies(issuer, self.algorithm, self.tbs, self.signature)
    }
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`, its members apart but not yet read.
struct Parts<'a> {
    tbs: &'a [u8],
    version: Option<&'a [u8]>,
    serial: &'a [u8],
    inner_algorithm: &'a [u8],
    issuer: Name<'a>,
    validity: Reader<'a>,
    subject: Name<'a>,
    key: Reader<'a>,
    extensions: Reader<'a>,
    outer_algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(mut certificate: Reader<'a>) -> Option<Self> {
        let mut outer = certificate.enter(tag::SEQUENCE);
        let tbs = outer.read_whole(tag::SEQUENCE);
        let mut members = Reader::new(tbs).enter(tag::SEQUENCE);
        let parts = Self {
            tbs,
            version: members.optional(tag::explicit(0)),
            serial: members.read(tag::INTEGER),
            inner_algorithm: members.read(tag::SEQUENCE),
            issuer: Name::read(&mut members),
            validity: members.enter(tag::SEQUENCE),
            subject: Name::read(&mut members),
            key: members.enter(tag::SEQUENCE),
            // Unique identifiers would stand before. No CA of RFC 5280 makes them (§4.1.2.8), so they end here.
            extensions: extensions(&mut members),
            outer_algorithm: outer.read(tag::SEQUENCE),
            signature: outer.read_octets(),
        };
        (members.end() && outer.end()).then_some(parts)
    }
}

/// The SEQUENCE that is alone in an explicit tag; without any members where there is none.
fn extensions<'a>(members: &mut Reader<'a>) -> Reader<'a> {
    let Some(wrapped) = members.optional(tag::explicit(3)) else { return Reader::new(&[]) };
    let mut wrapped = Reader::new(wrapped);
    let list = wrapped.enter(tag::SEQUENCE);
    members.demand(wrapped.end());
    list
}

/// A positive number of at most 20 octets (RFC 5280 §4.1.2.2), its sign included. AMD numbers its leaves 0.
fn serial(whole: &[u8], form: Form) -> Option<&[u8]> {
    match whole {
        [0] => (form == Form::Amd).then_some(whole),
        [0x80..=0xff, ..] => None,
        [0, digits @ ..] | digits => (whole.len() <= 20).then_some(digits),
    }
}

fn validity(mut period: Reader<'_>) -> Option<Validity> {
    let validity = Validity { not_before: time::read(&mut period)?, not_after: time::read(&mut period)? };
    period.end().then_some(validity)
}
