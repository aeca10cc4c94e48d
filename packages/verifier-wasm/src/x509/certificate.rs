//! Certificate, version 3 (RFC 5280 §4.1).

use core::ops::RangeInclusive;

use super::{
    der::{Element, Reader, tag},
    extensions::Extensions,
    key::{PublicKey, SignatureAlgorithm, octets},
    name::Name,
    time,
};
use crate::Code;

/// A certificate, every field read and every byte used. That its issuer signed it is not yet known.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
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
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let certificate = Element::decode(bytes).ok_or(Code::CHAIN_ENCODING)?;
        let (tbs, outer, signature) = signed(&certificate).ok_or(Code::CHAIN_SYNTAX)?;
        let mut members = tbs.children();
        version(&mut members)?;
        let serial = serial(&mut members)?;
        let inner = members.read(tag::SEQUENCE).ok_or(Code::CHAIN_SYNTAX)?.whole;
        if inner != outer {
            return Err(Code::CHAIN_ALGORITHM_MISMATCH);
        }
        let algorithm = SignatureAlgorithm::from_identifier(inner).ok_or(Code::CHAIN_SIGNATURE_ALGORITHM)?;
        let issuer = Name::read(&mut members).ok_or(Code::CHAIN_SYNTAX)?;
        let mut period = members.read(tag::SEQUENCE).ok_or(Code::CHAIN_SYNTAX)?.children();
        let validity = validity(&mut period).ok_or(Code::CHAIN_TIME)?;
        let subject = Name::read(&mut members).ok_or(Code::CHAIN_SYNTAX)?;
        let key = PublicKey::read(&mut members)?;
        // Unique identifiers stand between key and extensions. No CA of this profile makes them (§4.1.2.8), so they end here.
        let mut wrapped = members.read(tag::explicit(3)).ok_or(Code::CHAIN_SYNTAX)?.children();
        let list = wrapped.read(tag::SEQUENCE).ok_or(Code::CHAIN_SYNTAX)?;
        wrapped.end().and_then(|()| members.end()).ok_or(Code::CHAIN_SYNTAX)?;
        let extensions = Extensions::decode(&list)?;
        let named = !subject.is_empty() || extensions.subject_alt_name.as_ref().is_some_and(|name| name.critical);
        if issuer.is_empty() || !named {
            return Err(Code::CHAIN_NAME);
        }
        Ok(Self { tbs: tbs.whole, serial, issuer, validity, subject, key, extensions, algorithm, signature })
    }

    /// Whether issuer and subject are one (RFC 5280 §3.2).
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    pub(super) fn is_signed_by(&self, issuer: &PublicKey<'_>) -> bool {
        issuer.verifies(self.algorithm, self.tbs, self.signature)
    }
}

/// `Certificate ::= SEQUENCE`: TBSCertificate, the whole signatureAlgorithm, the octets of signatureValue.
fn signed<'a>(certificate: &Element<'a>) -> Option<(Element<'a>, &'a [u8], &'a [u8])> {
    let mut members = Some(certificate).filter(|element| element.tag == tag::SEQUENCE)?.children();
    let tbs = members.read(tag::SEQUENCE)?;
    let algorithm = members.read(tag::SEQUENCE)?.whole;
    let signature = octets(&members.read(tag::BIT_STRING)?)?;
    members.end()?;
    Some((tbs, algorithm, signature))
}

fn version(members: &mut Reader<'_>) -> Result<(), Code> {
    // Absent is version 1; the only one with extensions is v3(2).
    let version = members.read(tag::explicit(0)).ok_or(Code::CHAIN_VERSION)?;
    if version.content == [tag::INTEGER, 1, 2] { Ok(()) } else { Err(Code::CHAIN_VERSION) }
}

/// A positive number of at most 20 octets (RFC 5280 §4.1.2.2), its sign included.
fn serial<'a>(members: &mut Reader<'a>) -> Result<&'a [u8], Code> {
    let whole = members.read(tag::INTEGER).ok_or(Code::CHAIN_SYNTAX)?.content;
    match whole {
        [0] | [0x80..=0xff, ..] => Err(Code::CHAIN_SERIAL),
        _ if whole.len() > 20 => Err(Code::CHAIN_SERIAL),
        [0, digits @ ..] | digits => Ok(digits),
    }
}

fn validity(period: &mut Reader<'_>) -> Option<RangeInclusive<i64>> {
    let validity = time::read(period)?..=time::read(period)?;
    period.end()?;
    Some(validity)
}
