//! Platform reports (PROTOCOL.md §18): from the signature of a processor to the firmware that it runs, and from that to the
//! attestation key which the firmware holds.
//!
//! | module | reads |
//! | --- | --- |
//! | `hcl` | what Azure's firmware leaves in NVRAM |
//! | `snp` | what an AMD processor signs |
//! | `runtime_data` | what the firmware says of its keys |

mod hcl;
mod runtime_data;
mod snp;
#[cfg(test)]
mod tests;

use crate::{
    Code,
    evidence::bundle::PlatformReport,
    hash::sha256,
    policy::{Platform, Processor},
    rejection::{Place, Rejection, ensure},
    signature::PublicKey,
    x509::{IsRevoked, profiles::Vcek},
};

/// `kind` of a platform report: Azure's, with a report of AMD SEV-SNP.
const AZURE_SNP: u64 = 1;

/// Whether the attestation key is held by firmware that the policy names, on a processor that it names, at a time in
/// milliseconds since 1970; None where the policy does not ask.
///
/// # Errors
/// A code of the layer `platform`.
pub(crate) fn verify(
    policy: Option<&Platform>,
    reports: &[PlatformReport<'_>],
    key: &PublicKey<'_>,
    at_ms: u64,
    is_revoked: IsRevoked<'_>,
) -> Option<Result<(), Rejection>> {
    policy.map(|policy| is_held(policy, reports, key, at_ms, is_revoked))
}

/// Whether these bytes are a report of the firmware around one of the processor, whatever both say.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn is_report(bytes: &[u8]) -> bool {
    hcl::Report::decode(bytes).is_some_and(|hcl| snp::Report::decode(hcl.hardware_report).is_some())
}

fn is_held(
    policy: &Platform,
    reports: &[PlatformReport<'_>],
    key: &PublicKey<'_>,
    at_ms: u64,
    is_revoked: IsRevoked<'_>,
) -> Result<(), Rejection> {
    let delivered = reports.iter().find(|report| report.kind == AZURE_SNP).ok_or(Code::PLATFORM_MISSING)?;
    let hcl = hcl::Report::decode(delivered.report).ok_or(Code::PLATFORM_REPORT)?;
    let report = snp::Report::decode(hcl.hardware_report).ok_or(Code::PLATFORM_REPORT)?;
    check_machine(&report, &delivered.certificates, policy, at_ms, is_revoked)?;
    check_key(&report, hcl.runtime_data, key)
}

/// From the root of the processor to the firmware that it runs (§18.3).
fn check_machine(
    report: &snp::Report<'_>,
    certificates: &[&[u8]],
    policy: &Platform,
    at_ms: u64,
    is_revoked: IsRevoked<'_>,
) -> Result<(), Rejection> {
    let processor = processor(certificates, policy)?;
    let vcek = Vcek::validate(certificates, processor.ark_sha256, at_ms, is_revoked).map_err(chain)?;
    let tcbs = report.tcbs();
    let [reported, ..] = tcbs;
    ensure(vcek.chip_id == report.chip_id() && vcek.tcb == reported, Code::PLATFORM_CHIP)?;
    ensure(report.is_signed_by(&vcek.key), Code::PLATFORM_SIGNATURE)?;
    ensure(report.vmpl() == 0, Code::PLATFORM_VMPL)?;
    ensure(!report.is_open(), Code::PLATFORM_DEBUG)?;
    check_firmware(report, policy)?;
    ensure(!report.is_provisional(), Code::PLATFORM_PROVISIONAL)?;
    ensure(tcbs.iter().all(|tcb| tcb.is_at_least(&processor.min_tcb)), Code::PLATFORM_TCB)
}

/// A measurement names one build. A signer may have signed many: which image counts, and from which version on.
fn check_firmware(report: &snp::Report<'_>, policy: &Platform<'_>) -> Result<(), Rejection> {
    let holds = |at, values: &[&[u8; 48]]| values.iter().any(|value| report.holds(at, *value));
    if holds(snp::MEASUREMENT, &policy.measurements) {
        return Ok(());
    }
    let is_pinned = |at, id: Option<&[u8; 16]>| id.is_none_or(|id| report.holds(at, id));
    let is_named = holds(snp::ID_KEY_DIGEST, &policy.id_key_digests)
        && is_pinned(snp::FAMILY_ID, policy.family_id)
        && is_pinned(snp::IMAGE_ID, policy.image_id);
    ensure(is_named, Code::PLATFORM_FIRMWARE)?;
    ensure(u64::from(report.guest_svn()) >= policy.min_guest_svn, Code::PLATFORM_GUEST_SVN)
}

/// From the firmware to the key that it holds (§18.4).
fn check_key(report: &snp::Report<'_>, runtime_data: &[u8], key: &PublicKey<'_>) -> Result<(), Rejection> {
    let bound = [sha256(&[runtime_data]), [0; 32]].concat();
    ensure(bound == report.report_data(), Code::PLATFORM_BINDING)?;
    let held = runtime_data::attestation_key(runtime_data).ok_or(Code::PLATFORM_RUNTIME_DATA)?;
    let own = if let PublicKey::Rsa(key) = key { Some(runtime_data::base64url(key.modulus())) } else { None };
    ensure(own.is_some_and(|own| own == held), Code::PLATFORM_KEY_MISMATCH)
}

/// The line of processors whose root the certificates end in.
fn processor<'p>(certificates: &[&[u8]], policy: &'p Platform<'_>) -> Result<&'p Processor<'p>, Code> {
    let [_vcek, _ask, ark] = certificates else { return Err(Code::PLATFORM_CERTIFICATES) };
    let root = sha256(&[ark]);
    policy.processors.iter().find(|processor| *processor.ark_sha256 == root).ok_or(Code::PLATFORM_ROOT)
}

/// A fault of the certificates, which the layer `chain` names.
fn chain(fault: Rejection) -> Rejection {
    fault.within(Code::PLATFORM_CHAIN, Place::default())
}
