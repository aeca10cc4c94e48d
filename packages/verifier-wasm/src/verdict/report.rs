//! What a verdict shows. Each member is filled in once the step that proves it has passed, so a failed verdict shows nothing
//! unproven.

use alloc::{string::String, vec::Vec};

use super::Step;
use crate::{
    event_log::{Explanation, text_or_bytes},
    evidence::{
        bundle::Bank,
        claims::{Claims, Upstream},
    },
    policy::{Assurance, Matched, Policy, Rule, caveat},
    release::{Candidate, Manifest},
    tpm::{Attest, Public},
    x509::{Certificate, Instance, VmKind, vm_kind},
};

/// What was proven.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every step of PROTOCOL.md §8, in order.
    pub steps: Vec<Step>,
    pub(crate) anchor: Option<AnchorReport>,
    pub(crate) qualified_name: Option<Vec<u8>>,
    pub(crate) clock: Option<ClockReport>,
    pub(crate) claims: Option<ClaimsReport>,
    pub(crate) pcrs: Option<PcrReport>,
    pub(crate) release: Option<String>,
    /// What the event log says, as JSON.
    pub(crate) event_log: Option<String>,
    pub(crate) manifest: Option<ManifestReport>,
}

#[derive(Clone, Debug)]
pub(crate) struct AnchorReport {
    pub(crate) kind: &'static str,
    pub(crate) assurance: Assurance,
    pub(crate) caveat: String,
    /// What the certificate says of the machine.
    pub(crate) certificate: Option<CertificateReport>,
    pub(crate) ak_name: Vec<u8>,
    pub(crate) ak_algorithm: String,
}

/// Texts show nothing but ASCII, so that no name can pass for another on a screen.
#[derive(Clone, Debug)]
pub(crate) struct CertificateReport {
    pub(crate) subject: Option<String>,
    /// Under an anchor for Azure.
    pub(crate) vm: Option<&'static str>,
    /// Under an anchor for Google: name and value of each member.
    pub(crate) instance: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClockReport {
    pub(crate) clock: u64,
    pub(crate) reset_count: u32,
    pub(crate) restart_count: u32,
    pub(crate) safe: bool,
    /// Big-endian.
    pub(crate) firmware_version: [u8; 8],
}

#[derive(Clone, Debug)]
pub(crate) struct ClaimsReport {
    pub(crate) audiences: Vec<String>,
    pub(crate) instance: String,
    pub(crate) epoch_id: [u8; 16],
    pub(crate) lifetime_ms: u64,
    pub(crate) server_time_ms: u64,
    pub(crate) config_digest: [u8; 32],
    pub(crate) receipt_key: Option<[u8; 32]>,
    pub(crate) upstream: Upstream,
}

#[derive(Clone, Debug)]
pub(crate) struct PcrReport {
    pub(crate) bank: Bank,
    /// Of the quoted selection only, ascending.
    pub(crate) values: Vec<(u8, Vec<u8>, Rule)>,
}

/// The manifest behind the release that matched.
#[derive(Clone, Debug)]
pub(crate) struct ManifestReport {
    pub(crate) manifest: Manifest,
    /// Names of the parts whose values matched.
    pub(crate) parts: Vec<String>,
}

impl Report {
    pub(crate) fn show_anchor(&mut self, matched: &Matched<'_, '_>, ak: &Public<'_>) {
        let anchor = matched.anchor;
        self.anchor = Some(AnchorReport {
            kind: anchor.kind,
            assurance: anchor.assurance,
            caveat: caveat(anchor.kind, anchor.assurance),
            certificate: matched.leaf.as_ref().map(|leaf| CertificateReport::of(leaf, anchor.kind)),
            ak_name: ak.name(),
            ak_algorithm: ak.key.algorithm(),
        });
    }

    /// What the anchor became worth by what was proven since.
    pub(crate) fn show_assurance(&mut self, assurance: Assurance) {
        if let Some(anchor) = &mut self.anchor {
            anchor.assurance = assurance;
            anchor.caveat = caveat(anchor.kind, assurance);
        }
    }

    pub(crate) fn show_qualified_name(&mut self, proven: Option<&[u8]>) {
        self.qualified_name = proven.map(Vec::from);
    }

    pub(crate) fn show_clock(&mut self, attest: &Attest<'_>) {
        self.clock = Some(ClockReport {
            clock: attest.clock_info.clock,
            reset_count: attest.clock_info.reset_count,
            restart_count: attest.clock_info.restart_count,
            safe: attest.clock_info.safe,
            firmware_version: attest.firmware_version.to_be_bytes(),
        });
    }

    pub(crate) fn show_claims(&mut self, claims: &Claims<'_>) {
        self.claims = Some(ClaimsReport {
            audiences: claims.audiences.iter().map(|name| String::from(*name)).collect(),
            instance: claims.instance.into(),
            epoch_id: *claims.epoch_id,
            lifetime_ms: claims.lifetime_ms,
            server_time_ms: claims.server_time_ms,
            config_digest: *claims.config_digest,
            receipt_key: claims.receipt_key.copied(),
            upstream: claims.upstream,
        });
    }

    pub(crate) fn show_event_log(&mut self, log: Option<Explanation<'_>>) {
        self.event_log = log.map(|log| log.to_report());
    }

    pub(crate) fn show_release(&mut self, release: &Candidate<'_>) {
        self.release = Some(release.name.into());
        let parts = release.parts.into_iter().filter(|name| !name.is_empty()).map(String::from).collect();
        self.manifest = release.manifest.map(|manifest| ManifestReport { manifest: manifest.clone(), parts });
    }

    /// `values` are those of the policy's rules, in their order.
    pub(crate) fn show_pcrs(&mut self, policy: &Policy, values: &[&[u8]]) {
        let shown = policy.rules.iter().zip(values);
        let values = shown.map(|((index, rule), value)| (*index, Vec::from(*value), *rule)).collect();
        self.pcrs = Some(PcrReport { bank: policy.bank, values });
    }
}

impl CertificateReport {
    /// The members that an anchor of this kind makes true: under a root of somebody's own anybody could write them.
    fn of(leaf: &Certificate<'_>, kind: &str) -> Self {
        let instance = Some(leaf).filter(|_| kind == "gcp").and_then(Instance::of);
        Self {
            subject: leaf.common_name().map(text_or_bytes),
            vm: Some(leaf).filter(|_| kind == "azure").and_then(vm_kind).map(VmKind::as_str),
            instance: instance.map_or_else(Vec::new, |instance| instance.members().into()),
        }
    }
}
