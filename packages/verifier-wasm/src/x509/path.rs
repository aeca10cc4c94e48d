//! Path validation (RFC 5280 §6.1) of a chain that is given whole and in order, leaf to root.

use alloc::{string::String, vec::Vec};

use super::{
    certificate::Certificate,
    der::Element,
    extensions::{BasicConstraints, KeyUsage},
};
use crate::{Code, hash::sha256, json::writer::push_decimal, rejection::Rejection};

/// A leaf and the root above it at least; more than a bundle carries never reaches this.
const LENGTHS: core::ops::RangeInclusive<usize> = 2..=8;

/// A chain of which every signature was verified up to a root that the caller pinned.
#[derive(Clone, Debug)]
pub(crate) struct Path<'a> {
    pub(crate) leaf: Certificate<'a>,
    /// Those that issued, from the leaf's issuer to the root.
    pub(crate) authorities: Vec<Certificate<'a>>,
}

impl<'a> Path<'a> {
    /// Validates `chain` at a time in milliseconds since 1970; a certificate is valid through the whole second of its notAfter.
    /// The user's policy set is any-policy; constraints on names and policies are refused, not processed.
    ///
    /// # Errors
    /// A code of the layer `chain`, and which certificate it is, counted from the leaf, which is 0.
    pub(crate) fn validate(chain: &[&'a [u8]], root_sha256: &[u8; 32], at_ms: u64) -> Result<Self, Rejection> {
        let (Some((leaf, issuers)), Some(root)) = (chain.split_first(), chain.last()) else {
            return Err(Code::CHAIN_LENGTH.into());
        };
        if !LENGTHS.contains(&chain.len()) {
            return Err(Code::CHAIN_LENGTH.into());
        }
        if sha256(&[root]) != *root_sha256 {
            return Err(Code::CHAIN_ROOT.into());
        }
        let leaf = without_padding(leaf).and_then(Certificate::decode).map_err(|code| at(code, 0))?;
        let decode = |(index, bytes): (usize, &&'a [u8])| Certificate::decode(bytes).map_err(|code| at(code, index));
        let authorities = (1..).zip(issuers).map(decode).collect::<Result<Vec<_>, _>>()?;
        let path = Self { leaf, authorities };
        path.check(i64::try_from(at_ms / 1000).unwrap_or(i64::MAX))?;
        Ok(path)
    }

    /// From the root downwards, as §6.1.3 and §6.1.4 go.
    fn check(&self, at: i64) -> Result<(), Rejection> {
        let mut issuer: Option<&Certificate<'_>> = None;
        // max_path_length of §6.1.2 (k)
        let mut may_follow = u8::MAX;
        for (index, authority) in self.authorities.iter().enumerate().rev() {
            let checked = check_issued(authority, issuer.unwrap_or(authority), at)
                .and_then(|()| check_authority(authority, issuer.is_some(), &mut may_follow));
            checked.map_err(|code| self::at(code, index.saturating_add(1)))?;
            issuer = Some(authority);
        }
        let issuer = issuer.ok_or(Code::CHAIN_LENGTH)?;
        check_issued(&self.leaf, issuer, at).and_then(|()| check_leaf(&self.leaf)).map_err(|code| self::at(code, 0))
    }
}

/// §6.1.3 (a): signature, validity, issuer. The root is its own issuer.
fn check_issued(certificate: &Certificate<'_>, issuer: &Certificate<'_>, at: i64) -> Result<(), Code> {
    if at < *certificate.validity.start() {
        Err(Code::CHAIN_NOT_YET_VALID)
    } else if at > *certificate.validity.end() {
        Err(Code::CHAIN_EXPIRED)
    } else if certificate.issuer != issuer.subject {
        Err(Code::CHAIN_ISSUER)
    } else if !certificate.is_signed_by(&issuer.key) {
        Err(Code::CHAIN_SIGNATURE)
    } else {
        Ok(())
    }
}

/// §6.1.4 (k) to (n). A key usage is demanded, not only heeded: §4.2.1.3 has every CA carry one.
fn check_authority(certificate: &Certificate<'_>, issued: bool, may_follow: &mut u8) -> Result<(), Code> {
    let constraints = certificate.extensions.basic_constraints.unwrap_or_default();
    if !constraints.ca || certificate.subject.is_empty() {
        return Err(Code::CHAIN_NOT_CA);
    }
    if issued && !certificate.is_self_issued() {
        *may_follow = may_follow.checked_sub(1).ok_or(Code::CHAIN_PATH_LENGTH)?;
    }
    *may_follow = constraints.path_length.unwrap_or(u8::MAX).min(*may_follow);
    let usage = certificate.extensions.key_usage;
    if usage.is_some_and(|usage| usage.has(KeyUsage::KEY_CERT_SIGN)) { Ok(()) } else { Err(Code::CHAIN_KEY_CERT_SIGN) }
}

/// What issues certificates is no attestation key.
fn check_leaf(certificate: &Certificate<'_>) -> Result<(), Code> {
    match certificate.extensions.basic_constraints {
        Some(BasicConstraints { ca: true, .. }) => Err(Code::CHAIN_LEAF_CA),
        _ => Ok(()),
    }
}

/// The certificate that `leaf` begins with. An index of NVRAM is as large as its largest content, so zeros may follow;
/// nothing else may.
fn without_padding(leaf: &[u8]) -> Result<&[u8], Code> {
    let (certificate, tail) = Element::split(leaf).ok_or(Code::CHAIN_ENCODING)?;
    if tail.iter().all(|byte| *byte == 0) { Ok(certificate.whole) } else { Err(Code::CHAIN_TRAILING) }
}

#[cold]
fn at(code: Code, index: usize) -> Rejection {
    let mut place = String::from("certificate ");
    push_decimal(&mut place, index as u64);
    Rejection::at(code, place)
}
