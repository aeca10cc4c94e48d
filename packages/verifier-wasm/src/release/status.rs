//! What was withdrawn, as of when (PROTOCOL.md §19.5).

use alloc::vec::Vec;

use super::document::STATUS;
use crate::{
    Code,
    hash::sha256,
    json::{
        members::{Item, Members},
        reader::MAX_INTEGER,
    },
    rejection::{Rejection, ensure},
    x509::Certificate,
};

/// How far the clock of the one who signs may be ahead, in milliseconds.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// A dated list of what is no longer trusted.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    date_ms: u64,
    /// Manifests of lower versions are withdrawn.
    pub(super) min_version: u64,
    releases: Vec<[u8; 32]>,
    certificates: Vec<[u8; 32]>,
    serials: Vec<Serial>,
}

/// A certificate as lists of revoked ones name it.
#[derive(Clone, Debug)]
struct Serial {
    issuer: [u8; 32],
    number: Vec<u8>,
}

fn digests(members: &Members<'_>, list: &str) -> Result<Vec<[u8; 32]>, Rejection> {
    members.optional(list).map_or_else(|| Ok(Vec::new()), |item| item.digests(1..=1024))
}

fn serial(item: &Item<'_>) -> Result<Serial, Rejection> {
    let members = item.object()?;
    let issuer = members.required("issuer")?.digest()?;
    let serial = members.required("serial")?;
    let number = serial.hex()?;
    members.end(&[])?;
    match number.first() {
        Some(1..) if number.len() <= 20 => Ok(Serial { issuer, number }),
        _ => Err(serial.syntax()),
    }
}

impl Status {
    /// # Errors
    /// `release.syntax`, and the member at fault.
    pub(super) fn decode(text: &[u8]) -> Result<Self, Rejection> {
        STATUS.json.read(text, |item| {
            let top = item.object()?;
            let status = Self {
                date_ms: top.required("date")?.integer(0..=MAX_INTEGER)?,
                min_version: top.optional("minVersion").map_or(Ok(0), |item| item.integer(1..=MAX_INTEGER))?,
                releases: digests(&top, "revokedReleases")?,
                certificates: digests(&top, "revokedCertificates")?,
                serials: top
                    .optional("revokedSerials")
                    .map_or_else(|| Ok(Vec::new()), |item| item.each(1..=1024, serial))?,
            };
            top.end(&[])?;
            Ok(status)
        })
    }

    /// # Errors
    /// `release.status_future` or `release.status_stale`.
    pub(super) fn is_current(&self, now_ms: u64, max_age_ms: u64) -> Result<(), Rejection> {
        ensure(self.date_ms <= now_ms.saturating_add(CLOCK_SKEW_MS), Code::RELEASE_STATUS_FUTURE)?;
        ensure(now_ms.saturating_sub(self.date_ms) <= max_age_ms, Code::RELEASE_STATUS_STALE)
    }

    /// Whether the manifest of this hash is withdrawn.
    pub(crate) fn revokes_release(&self, manifest_sha256: &[u8; 32]) -> bool {
        self.releases.contains(manifest_sha256)
    }

    pub(crate) fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.revokes_certificate(certificate.der, certificate.issuer.der(), certificate.serial)
    }

    /// Whether a certificate is: by the hash of its DER, or by the DER of its issuer's name and its serial number, the digits
    /// of the number without leading zeros.
    pub(super) fn revokes_certificate(&self, der: &[u8], issuer: &[u8], serial: &[u8]) -> bool {
        let issuer = sha256(&[issuer]);
        self.certificates.contains(&sha256(&[der]))
            || self.serials.iter().any(|revoked| revoked.issuer == issuer && revoked.number == serial)
    }
}
