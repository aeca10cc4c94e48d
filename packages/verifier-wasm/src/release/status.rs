//! What was withdrawn, as of when (PROTOCOL.md §19.5).

use alloc::vec::Vec;

use super::document::Authentic;
use crate::{
    Code,
    hash::sha256,
    json::{
        documents::{Documents, Flaw},
        item::Item,
        reader::MAX_INTEGER,
    },
    rejection::{Rejection, ensure},
    x509::Certificate,
};

/// How far the clock of the one who signs may be ahead, in milliseconds.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// A dated list of what is no longer trusted.
#[derive(Clone, Debug)]
pub(crate) struct Status<'d> {
    pub(super) date_ms: u64,
    /// Manifests of lower versions are withdrawn.
    pub(crate) min_version: u64,
    releases: Vec<&'d [u8; 32]>,
    certificates: Vec<&'d [u8; 32]>,
    serials: Vec<Serial<'d>>,
}

/// A certificate as lists of revoked ones name it.
#[derive(Clone, Debug)]
struct Serial<'d> {
    issuer: &'d [u8; 32],
    number: &'d [u8],
}

fn digests<'d>(list: Option<&'d Item<'d>>) -> Vec<&'d [u8; 32]> {
    list.map_or_else(Vec::new, |list| list.digests(1, 1024))
}

fn serial<'d>(item: &'d Item<'d>) -> Serial<'d> {
    let issuer = item.required("issuer").digest();
    let serial = item.required("serial");
    let number = serial.hex();
    item.end();
    serial.ensure(matches!(number, [first, ..] if *first != 0) && number.len() <= 20, Flaw::Syntax);
    Serial { issuer, number }
}

impl<'d> Status<'d> {
    /// # Errors
    /// `release.syntax`, and the member at fault.
    pub(super) fn decode(text: &Authentic<'_>, documents: &'d Documents<'d>) -> Result<Self, Rejection> {
        text.read(documents, |top| {
            let date_ms = top.required("date").integer(0, MAX_INTEGER);
            let min_version = top.optional("minVersion").map_or(0, |item| item.integer(1, MAX_INTEGER));
            let releases = digests(top.optional("revokedReleases"));
            let certificates = digests(top.optional("revokedCertificates"));
            let mut serials = Vec::new();
            if let Some(list) = top.optional("revokedSerials") {
                for item in list.each(1, 1024) {
                    serials.push(serial(item));
                }
            }
            top.end();
            Self { date_ms, min_version, releases, certificates, serials }
        })
    }

    /// # Errors
    /// `release.status_future`
    pub(super) fn has_happened(&self, now_ms: u64) -> Result<(), Rejection> {
        ensure(self.date_ms <= now_ms.saturating_add(CLOCK_SKEW_MS), Code::RELEASE_STATUS_FUTURE)
    }

    /// `newest_ms` is the newest date that was known before.
    ///
    /// # Errors
    /// `release.status_back` or `release.status_stale`.
    pub(super) fn is_current(&self, newest_ms: u64, now_ms: u64, max_age_ms: u64) -> Result<(), Rejection> {
        ensure(self.date_ms >= newest_ms, Code::RELEASE_STATUS_BACK)?;
        ensure(now_ms.saturating_sub(self.date_ms) <= max_age_ms, Code::RELEASE_STATUS_STALE)
    }

    /// Whether the manifest of this hash is withdrawn.
    pub(crate) fn revokes_release(&self, manifest_sha256: &[u8; 32]) -> bool {
        self.releases.contains(&manifest_sha256)
    }

    pub(crate) fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.revokes_certificate(certificate.der, certificate.issuer.der(), certificate.serial)
    }

    /// Whether a certificate is: by the hash of its DER, or by the DER of its issuer's name and its serial number, the digits
    /// of the number without leading zeros.
    pub(super) fn revokes_certificate(&self, der: &[u8], issuer: &[u8], serial: &[u8]) -> bool {
        let issuer = sha256(&[issuer]);
        self.certificates.contains(&&sha256(&[der]))
            || self.serials.iter().any(|revoked| *revoked.issuer == issuer && revoked.number == serial)
    }
}
