//! Path validation (RFC 5280 §6.1) of a chain that is given whole and in order, leaf to root.

use alloc::vec::Vec;

use super::{certificate::Certificate, der::Reader, extensions::KeyUsage, form::Form, revocation::IsRevoked};
use crate::{Code, hash::sha256, rejection::Rejection};

/// anyExtendedKeyUsage (RFC 5280 §4.2.1.12)
const ANY_PURPOSE: &[u8] = b"\x55\x1d\x25\x00";

/// What a chain must end in, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions<'a> {
    pub(super) root_sha256: &'a [u8; 32],
    /// In milliseconds since 1970; a certificate is valid through the whole second of its notAfter.
    pub(super) at_ms: u64,
    /// What an authority must be allowed to certify where its own extKeyUsage limits it. RFC 5280 §4.2.1.12 limits only the
    /// certificate that has the extension; that a CA passes its limits on is what its issuer meant.
    pub(super) purpose: Option<&'a [u8]>,
    pub(super) form: Form,
}

/// What §6.1 keeps from one certificate for the next.
struct State<'a> {
    /// From the root, which is its own issuer, to the last one that was validated.
    path: Vec<Certificate<'a>>,
    /// max_path_length of §6.1.2 (k)
    may_follow: u8,
}

/// The certificates of `chain` (leaf to root), validated from the root downwards, in that order. The user's policy set is any-policy; constraints on names
/// and policies are refused, not processed.
///
/// # Errors
/// A code of the layer `chain`, and which certificate it is, counted from the leaf, which is 0.
pub(super) fn validate<'a>(chain: &[&'a [u8]], conditions: &Conditions<'_>) -> Result<Vec<Certificate<'a>>, Rejection> {
    // A leaf and the root above it at least; more than a bundle carries never reaches this.
    if !matches!(chain.len(), 2..=8) {
        return Err(Code::CHAIN_LENGTH.into());
    }
    if chain.last().is_none_or(|root| sha256(&[root]) != *conditions.root_sha256) {
        return Err(Code::CHAIN_ROOT.into());
    }
    let mut state = State { path: Vec::new(), may_follow: u8::MAX };
    for (index, bytes) in chain.iter().enumerate().rev() {
        let certificate = state.next(bytes, index == 0, conditions).map_err(|code| at(code, index))?;
        state.path.push(certificate);
    }
    Ok(state.path)
}

/// Whether any certificate of a validated path was revoked; the one nearest to the leaf is told.
pub(super) fn check_revocation(path: &[Certificate<'_>], is_revoked: IsRevoked<'_>) -> Result<(), Rejection> {
    for (index, certificate) in path.iter().rev().enumerate() {
        if is_revoked(certificate) {
            return Err(at(Code::CHAIN_REVOKED, index));
        }
    }
    Ok(())
}

impl<'a> State<'a> {
    fn next(&mut self, bytes: &'a [u8], is_leaf: bool, conditions: &Conditions<'_>) -> Result<Certificate<'a>, Code> {
        let bytes = if is_leaf { without_padding(bytes)? } else { bytes };
        let certificate = Certificate::decode(bytes, conditions.form)?;
        check_issued(&certificate, self.path.last().unwrap_or(&certificate), conditions.at_ms)?;
        if !is_leaf {
            self.check_authority(&certificate, conditions.purpose)?;
        } else if certificate.extensions.basic_constraints.ca {
            // What issues certificates is no attestation key.
            return Err(Code::CHAIN_LEAF_CA);
        }
        Ok(certificate)
    }

    /// §6.1.4 (k) to (n). A key usage is demanded, not only heeded: §4.2.1.3 has every CA carry one.
    fn check_authority(&mut self, certificate: &Certificate<'_>, purpose: Option<&[u8]>) -> Result<(), Code> {
        let extensions = &certificate.extensions;
        if !extensions.basic_constraints.ca || certificate.subject.is_empty() {
            return Err(Code::CHAIN_NOT_CA);
        }
        if !self.path.is_empty() && !certificate.is_self_issued() {
            self.may_follow = self.may_follow.checked_sub(1).ok_or(Code::CHAIN_PATH_LENGTH)?;
        }
        self.may_follow = extensions.basic_constraints.path_length.unwrap_or(u8::MAX).min(self.may_follow);
        if !extensions.key_usage.has(KeyUsage::KEY_CERT_SIGN) {
            return Err(Code::CHAIN_KEY_CERT_SIGN);
        }
        let limits = purpose.and_then(|purpose| Some((extensions.ext_key_usage.as_ref()?, purpose)));
        match limits {
            Some((allowed, purpose)) if !allowed.has(purpose) && !allowed.has(ANY_PURPOSE) => {
                Err(Code::CHAIN_CA_PURPOSE)
            }
            _ => Ok(()),
        }
    }
}

/// §6.1.3 (a): validity, issuer, signature.
fn check_issued(certificate: &Certificate<'_>, issuer: &Certificate<'_>, at_ms: u64) -> Result<(), Code> {
    // A time beyond the last year that a certificate can name is after every notAfter.
    let at = i64::try_from(at_ms / 1000).unwrap_or(i64::MAX);
    if at < certificate.validity.not_before {
        Err(Code::CHAIN_NOT_YET_VALID)
    } else if at > certificate.validity.not_after {
        Err(Code::CHAIN_EXPIRED)
    } else if certificate.issuer != issuer.subject {
        Err(Code::CHAIN_ISSUER)
    } else if !certificate.is_signed_by(&issuer.key) {
        Err(Code::CHAIN_SIGNATURE)
    } else {
        Ok(())
    }
}

/// The certificate that `leaf` begins with. An index of NVRAM is as large as its largest content, so zeros may follow;
/// nothing else may.
pub(crate) fn without_padding(leaf: &[u8]) -> Result<&[u8], Code> {
    let mut reader = Reader::new(leaf);
    let certificate = reader.next().ok_or(Code::CHAIN_ENCODING)?;
    let zeros = reader.rest().is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
    if zeros { Ok(certificate.whole) } else { Err(Code::CHAIN_TRAILING) }
}

fn at(code: Code, index: usize) -> Rejection {
    Rejection::numbered(code, "certificate ", index as u64)
}
