//! What a verdict shows. Each member is written once the step that proves it has passed, so a failed verdict shows nothing
//! unproven.

use alloc::vec::Vec;

use super::Step;
use crate::{
    event_log::{Explanation, text_or_bytes},
    evidence::claims::Claims,
    json::writer::{ITEM, Writer},
    policy::{AnchorMatch, Policy, Voucher, caveat},
    release::{Candidate, Manifest},
    tpm::{Attest, Public},
    x509::{Certificate, Instance, VmKind, vm_kind},
};

/// What was proven. Besides the steps it is the JSON of [`Verdict::to_json`](super::Verdict::to_json), member by member.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every step of PROTOCOL.md §8, in order.
    pub steps: Vec<Step>,
    // Of these two more is proven as the steps go on: they are written anew.
    anchor: Writer,
    ak: Writer,
    shown: Writer,
    /// Behind all others.
    manifest: Writer,
}

impl Report {
    /// What was shown, without the steps.
    pub(crate) fn write(&self, json: &mut Writer) {
        for members in [&self.anchor, &self.ak, &self.shown, &self.manifest] {
            json.members(members);
        }
    }

    /// `is_bound`: a processor proved which firmware holds the key.
    pub(crate) fn show_anchor(
        &mut self,
        AnchorMatch { anchor, leaves }: &AnchorMatch<'_, '_>,
        ak_name: &[u8],
        is_bound: bool,
    ) {
        self.anchor = Writer::default();
        self.anchor.object("anchor", |json| {
            let mut all = anchor.vouchers.iter().zip(leaves);
            if anchor.is_joint {
                json.text("kind", "allOf");
                json.array("members", |json| {
                    all.for_each(|(voucher, leaf)| {
                        json.object(ITEM, |json| self::voucher(json, voucher, ak_name, leaf));
                    });
                });
            } else if let Some((voucher, leaf)) = all.next() {
                self::voucher(json, voucher, ak_name, leaf);
            }
            json.text("assurance", anchor.assurance(is_bound).as_str());
            json.text("caveat", &caveat(anchor, is_bound));
        });
    }

    /// The attestation key; `is_named`: it is proven that this is its public area, and with that its Name.
    pub(crate) fn show_ak(&mut self, ak: &Public<'_>, is_named: bool, qualified_name: Option<&[u8]>) {
        self.ak = Writer::default();
        self.ak.object("ak", |json| {
            if is_named {
                json.hex("name", &ak.name());
            }
            if let Some(name) = qualified_name {
                json.hex("qualifiedName", name);
            }
            json.text("algorithm", &ak.key.algorithm());
        });
    }

    pub(crate) fn show_clock(&mut self, attest: &Attest<'_>) {
        self.shown.object("clock", |json| {
            json.integer("clock", attest.clock_info.clock);
            json.integer("resetCount", attest.clock_info.reset_count.into());
            json.integer("restartCount", attest.clock_info.restart_count.into());
            json.bool("safe", attest.clock_info.safe);
            json.hex("firmwareVersion", &attest.firmware_version.to_be_bytes());
        });
    }

    pub(crate) fn show_claims(&mut self, claims: &Claims<'_>) {
        self.shown.object("claims", |json| {
            json.array("audiences", |json| claims.audiences.iter().for_each(|name| json.text(ITEM, name)));
            json.text("instance", claims.instance);
            json.hex("epochId", claims.epoch_id);
            json.integer("lifetimeMs", claims.lifetime_ms);
            json.integer("serverTimeMs", claims.server_time_ms);
            json.hex("configDigest", claims.config_digest);
            json.text("upstream", claims.upstream.as_str());
            json.text("promptCache", claims.prompt_cache.as_str());
            for (name, key) in [("receiptKey", claims.receipt_key), ("instanceKey", claims.instance_key)] {
                if let Some(key) = key {
                    json.hex(name, key);
                }
            }
        });
    }

    /// `values` are those of the policy's rules, in their order.
    pub(crate) fn show_pcrs(&mut self, policy: &Policy<'_>, values: &[&[u8]]) {
        self.shown.object("pcrs", |json| {
            json.text("bank", policy.bank.as_str());
            json.array("values", |json| {
                for ((index, rule), value) in policy.rules.iter().zip(values) {
                    json.object(ITEM, |json| {
                        json.integer("index", (*index).into());
                        json.hex("value", value);
                        json.text("rule", rule.as_str());
                    });
                }
            });
        });
    }

    pub(crate) fn show_release(&mut self, release: &Candidate<'_>) {
        self.shown.text("release", release.name);
        if let Some(manifest) = release.manifest {
            self.manifest.object("manifest", |json| self::manifest(json, manifest, &release.parts));
        }
    }

    pub(crate) fn show_event_log(&mut self, log: Option<Explanation<'_>>) {
        if let Some(log) = log {
            self.shown.object("eventLog", |json| log.write_report(json));
        }
    }
}

/// Who vouched, and the members that a voucher of this kind makes true: under a root of somebody's own anybody could write them.
#[inline(never)]
fn voucher(json: &mut Writer, voucher: &Voucher<'_>, ak_name: &[u8], leaf: &Option<Certificate<'_>>) {
    let kind = voucher.kind;
    json.text("kind", kind);
    if let Some(record) = voucher.enrolment(ak_name) {
        json.hex("enrolment", record);
    }
    let Some(leaf) = leaf else { return };
    if let Some(subject) = leaf.common_name() {
        json.text("subject", &text_or_bytes(subject));
    }
    if let Some(vm) = Some(leaf).filter(|_| kind == "azure").and_then(vm_kind) {
        json.text("vm", VmKind::as_str(vm));
    }
    if let Some(instance) = Some(leaf).filter(|_| kind == "gcp").and_then(Instance::of) {
        json.object("instance", |json| {
            instance.members().iter().for_each(|(name, value)| json.text(name, value));
        });
    }
}

/// The manifest behind the release that matched; `parts` are the names of those whose values matched.
fn manifest(json: &mut Writer, manifest: &Manifest<'_>, parts: &[&str]) {
    json.hex("sha256", &manifest.sha256);
    json.integer("version", manifest.version);
    json.integer("minVersion", manifest.min_version);
    json.hex("sourceCommit", manifest.source_commit);
    json.hex("imageDigest", manifest.image_digest);
    if let Some(digest) = manifest.model_digest {
        json.hex("modelDigest", digest);
    }
    json.text("machine", manifest.machine);
    json.integer("notBefore", manifest.not_before);
    json.integer("notAfter", manifest.not_after);
    json.array("parts", |json| {
        parts.iter().filter(|name| !name.is_empty()).for_each(|name| json.text(ITEM, name));
    });
}
