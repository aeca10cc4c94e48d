//! Certificate, version 3 (RFC 5280 §4.1).

use core::ops::RangeInclusive;

use super::{
    der::{Element, Reader, tag},
    extensions::Extensions,
    key::{self, SignatureAlgorithm, octets},
    name::Name,
    time,
};
use crate::{Code, signature::PublicKey};

/// id-at-commonName (RFC 5280 appendix A.1)
const COMMON_NAME: &[u8] = b"\x55\x04\x03";

/// Whose certificates they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As RFC 5280 has them (PROTOCOL.md §17.1).
    Rfc5280,
    /// AMD's of processors, with what they do otherwise (PROTOCOL.md §18.3).
    Amd,
}

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
    /// In seconds since 1970, both ends included.
    pub(super) validity: RangeInclusive<i64>,
    pub(crate) subject: Name<'a>,
    pub(crate) key: PublicKey<'a>,
    pub(crate) extensions: Extensions<'a>,
    algorithm: SignatureAlgorithm,
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// # Errors
    /// `chain.encoding` where `bytes` are not DER to the end, `chain.syntax` where that is no certificate, and the codes of its
    /// parts.
    pub(crate) fn decode(bytes: &'a [u8], form: Form) -> Result<Self, Code> {
        let certificate = Element::decode(bytes).ok_or(Code::CHAIN_ENCODING)?;
        let parts = Parts::read(&certificate).ok_or(Code::CHAIN_SYNTAX)?;
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
    fn read(certificate: &Element<'a>) -> Option<Self> {
        let mut outer = certificate.sequence()?;
        let tbs = outer.read(tag::SEQUENCE)?;
        let mut members = tbs.children();
        let parts = Self {
            tbs: tbs.whole,
            version: members.read(tag::explicit(0)).map(|version| version.content),
            serial: members.read(tag::INTEGER)?.content,
            inner_algorithm: members.read(tag::SEQUENCE)?.whole,
            issuer: Name::read(&mut members)?,
            validity: members.read(tag::SEQUENCE)?.children(),
            subject: Name::read(&mut members)?,
            key: members.read(tag::SEQUENCE)?.children(),
            // Unique identifiers would stand before. No CA of RFC 5280 makes them (§4.1.2.8), so they end here.
            extensions: match members.read(tag::explicit(3)) {
                Some(wrapped) => only(&wrapped)?,
                None => Reader::default(),
            },
            outer_algorithm: outer.read(tag::SEQUENCE)?.whole,
            signature: octets(&outer.read(tag::BIT_STRING)?)?,
        };
        members.end().and_then(|()| outer.end()).map(|()| parts)
    }
}

/// The SEQUENCE that is alone in an explicit tag.
fn only<'a>(wrapped: &Element<'a>) -> Option<Reader<'a>> {
    let mut members = wrapped.children();
    let sequence = members.read(tag::SEQUENCE)?;
    members.end().map(|()| sequence.children())
}

/// A positive number of at most 20 octets (RFC 5280 §4.1.2.2), its sign included. AMD numbers its leaves 0.
fn serial(whole: &[u8], form: Form) -> Option<&[u8]> {
    match whole {
        [0] => (form == Form::Amd).then_some(whole),
        [0x80..=0xff, ..] => None,
        [0, digits @ ..] | digits => (whole.len() <= 20).then_some(digits),
    }
}

fn validity(mut period: Reader<'_>) -> Option<RangeInclusive<i64>> {
    let validity = time::read(&mut period)?..=time::read(&mut period)?;
    period.end().map(|()| validity)
}
