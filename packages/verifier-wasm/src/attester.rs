//! The verifier's own readers, for whoever is about to send evidence: what no client would read is better told to its operator.
//! That a client would also *accept* it is never said here; a policy, a time and a quote decide that.

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::bundle::{MAX_CERTIFICATE, MAX_PLATFORM_REPORT},
    platform,
    tpm::Public,
    x509::{Certificate, Form, without_padding},
};

/// A certificate of a list, counted from the leaf, which is 0, and why it is refused.
pub type Refused = (usize, Code);

/// Whether this TPMT_PUBLIC can be that of an attestation key (PROTOCOL.md §6).
///
/// # Errors
/// A code of the layer `ak`.
pub fn check_key(ak_public: &[u8]) -> Result<(), Code> {
    if Public::decode(ak_public)?.is_restricted_signer() { Ok(()) } else { Err(Code::AK_ATTRIBUTES) }
}

/// Whether `chain` are certificates (PROTOCOL.md §17.1), leaf first, and the leaf is of the key with this TPMT_PUBLIC.
///
/// # Errors
/// `bundle.size`, a code of the layer `chain`.
pub fn check_chain(ak_public: &[u8], chain: &[&[u8]]) -> Result<(), Refused> {
    let ak = Public::decode(ak_public).map_err(|code| (0, code))?;
    let leaf = certificates(chain, Form::Rfc5280)?.into_iter().next();
    if leaf.is_none_or(|leaf| leaf.key == ak.key.key) { Ok(()) } else { Err((0, Code::CHAIN_KEY_MISMATCH)) }
}

/// The certificate of an attestation key that the content of an NV index is, without the zeros that may follow it.
///
/// # Errors
/// `bundle.size`, a code of the layer `chain`.
pub fn leaf_in(content: &[u8]) -> Result<&[u8], Code> {
    let leaf = without_padding(content)?;
    certificates(&[leaf], Form::Rfc5280).map_err(|(_, code)| code)?;
    Ok(leaf)
}

/// Whether this is what the firmware of an Azure machine on AMD SEV-SNP leaves in NVRAM (PROTOCOL.md §18.2).
///
/// # Errors
/// `bundle.size`, `platform.report`.
pub fn check_platform_report(report: &[u8]) -> Result<(), Code> {
    if report.len() > MAX_PLATFORM_REPORT {
        return Err(Code::BUNDLE_SIZE);
    }
    if platform::is_report(report) { Ok(()) } else { Err(Code::PLATFORM_REPORT) }
}

/// Whether `chain` are certificates as AMD makes them (PROTOCOL.md §18.3), leaf first.
///
/// # Errors
/// As [`check_chain`].
pub fn check_processor_chain(chain: &[&[u8]]) -> Result<(), Refused> {
    certificates(chain, Form::Amd).map(drop)
}

/// Which certificate of a chain of the attestation key ends first, and its last second since 1970; None for what [`check_chain`] refuses.
#[must_use]
pub fn chain_end(chain: &[&[u8]]) -> Option<(usize, i64)> {
    first_end(&certificates(chain, Form::Rfc5280).ok()?)
}

/// The same of a chain that [`check_processor_chain`] reads.
#[must_use]
pub fn processor_chain_end(chain: &[&[u8]]) -> Option<(usize, i64)> {
    first_end(&certificates(chain, Form::Amd).ok()?)
}

fn first_end(chain: &[Certificate<'_>]) -> Option<(usize, i64)> {
    chain.iter().map(Certificate::valid_until).enumerate().min_by_key(|(_, end)| *end)
}

fn certificates<'a>(chain: &[&'a [u8]], form: Form) -> Result<Vec<Certificate<'a>>, Refused> {
    let read = |(index, bytes): (usize, &&'a [u8])| {
        if bytes.len() > MAX_CERTIFICATE {
            return Err((index, Code::BUNDLE_SIZE));
        }
        let certificate = if index == 0 { without_padding(bytes) } else { Ok(*bytes) };
        certificate.and_then(|bytes| Certificate::decode(bytes, form)).map_err(|code| (index, code))
    };
    chain.iter().enumerate().map(read).collect()
}
