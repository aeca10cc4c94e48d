//! A verdict as JSON. `verdict.d.ts` declares the same shape for TypeScript.

use alloc::{vec, vec::Vec};

use super::{
    AttestedKey, Report, Step, Verdict,
    report::{AnchorReport, CertificateReport, ClaimsReport, ClockReport, ManifestReport, PcrReport},
};
use crate::{
    evidence::VERSION,
    json::writer::Out,
    policy::{Assurance, Rule},
};

pub(super) fn verdict(verdict: &Verdict) -> Out<'_> {
    let mut members = vec![("version", Out::Integer(VERSION))];
    match verdict {
        Verdict::Passed { assurance, key, next_state, .. } => {
            members.extend([
                ("result", Out::Text("pass")),
                ("simulated", Out::Bool(*assurance == Assurance::Simulated)),
                ("assurance", Out::Text(assurance.as_str())),
                ("key", self::key(key)),
            ]);
            members.extend(next_state.as_deref().map(|state| ("nextState", Out::Hex(state))));
        }
        Verdict::Failed { code, detail, .. } => members.extend([
            ("result", Out::Text("fail")),
            ("code", Out::Text(code.as_str())),
            ("detail", Out::Text(detail)),
        ]),
    }
    members.push(("steps", Out::Array(verdict.report().steps.iter().map(step).collect())));
    members.extend(report(verdict.report()));
    Out::Object(members)
}

/// What a report shows, without its steps.
pub(crate) fn report(report: &Report) -> Vec<(&'static str, Out<'_>)> {
    let mut members = Vec::new();
    if let Some(anchor) = &report.anchor {
        members.push(("anchor", self::anchor(anchor)));
        members.push(("ak", ak(anchor, report.qualified_name.as_deref())));
    }
    members.extend(report.clock.as_ref().map(|clock| ("clock", self::clock(clock))));
    members.extend(report.claims.as_ref().map(|claims| ("claims", self::claims(claims))));
    members.extend(report.pcrs.as_ref().map(|pcrs| ("pcrs", self::pcrs(pcrs))));
    members.extend(report.release.as_deref().map(|name| ("release", Out::Text(name))));
    members.extend(report.event_log.as_deref().map(|log| ("eventLog", Out::Json(log))));
    members.extend(report.manifest.as_ref().map(|manifest| ("manifest", self::manifest(manifest))));
    members
}

fn step(step: &Step) -> Out<'_> {
    Out::Object(vec![
        ("id", Out::Text(step.id.as_str())),
        ("status", Out::Text(step.status.as_str())),
        ("code", Out::Text(step.code.as_str())),
        ("detail", Out::Text(&step.detail)),
    ])
}

fn anchor(anchor: &AnchorReport) -> Out<'_> {
    let mut members = vec![
        ("kind", Out::Text(anchor.kind)),
        ("assurance", Out::Text(anchor.assurance.as_str())),
        ("caveat", Out::Text(&anchor.caveat)),
    ];
    if let Some(CertificateReport { subject, vm, instance }) = &anchor.certificate {
        members.extend(subject.as_deref().map(|subject| ("subject", Out::Text(subject))));
        members.extend(vm.map(|vm| ("vm", Out::Text(vm))));
        if !instance.is_empty() {
            let instance = instance.iter().map(|(name, value)| (*name, Out::Text(value))).collect();
            members.push(("instance", Out::Object(instance)));
        }
    }
    Out::Object(members)
}

fn ak<'a>(anchor: &'a AnchorReport, qualified_name: Option<&'a [u8]>) -> Out<'a> {
    let mut members = vec![("name", Out::Hex(&anchor.ak_name))];
    members.extend(qualified_name.map(|name| ("qualifiedName", Out::Hex(name))));
    members.push(("algorithm", Out::Text(&anchor.ak_algorithm)));
    Out::Object(members)
}

fn clock(clock: &ClockReport) -> Out<'_> {
    Out::Object(vec![
        ("clock", Out::Integer(clock.clock)),
        ("resetCount", Out::Integer(clock.reset_count.into())),
        ("restartCount", Out::Integer(clock.restart_count.into())),
        ("safe", Out::Bool(clock.safe)),
        ("firmwareVersion", Out::Hex(&clock.firmware_version)),
    ])
}

fn claims(claims: &ClaimsReport) -> Out<'_> {
    let mut members = vec![
        ("audiences", Out::Array(claims.audiences.iter().map(|name| Out::Text(name)).collect())),
        ("instance", Out::Text(&claims.instance)),
        ("epochId", Out::Hex(&claims.epoch_id)),
        ("lifetimeMs", Out::Integer(claims.lifetime_ms)),
        ("serverTimeMs", Out::Integer(claims.server_time_ms)),
        ("configDigest", Out::Hex(&claims.config_digest)),
        ("upstream", Out::Text(claims.upstream.as_str())),
    ];
    members.extend(claims.receipt_key.as_ref().map(|key| ("receiptKey", Out::Hex(key))));
    Out::Object(members)
}

fn pcrs<'a>(pcrs: &'a PcrReport) -> Out<'a> {
    let value = |(index, value, rule): &'a (u8, Vec<u8>, Rule)| {
        Out::Object(vec![
            ("index", Out::Integer((*index).into())),
            ("value", Out::Hex(value)),
            ("rule", Out::Text(rule.as_str())),
        ])
    };
    Out::Object(vec![
        ("bank", Out::Text(pcrs.bank.as_str())),
        ("values", Out::Array(pcrs.values.iter().map(value).collect())),
    ])
}

fn manifest(ManifestReport { manifest, parts }: &ManifestReport) -> Out<'_> {
    let mut members = vec![
        ("sha256", Out::Hex(&manifest.sha256)),
        ("version", Out::Integer(manifest.version)),
        ("minVersion", Out::Integer(manifest.min_version)),
        ("sourceCommit", Out::Hex(&manifest.source_commit)),
        ("imageDigest", Out::Hex(&manifest.image_digest)),
    ];
    members.extend(manifest.model_digest.as_ref().map(|digest| ("modelDigest", Out::Hex(digest))));
    members.extend([
        ("machine", Out::Text(&manifest.machine)),
        ("notBefore", Out::Integer(manifest.not_before)),
        ("notAfter", Out::Integer(manifest.not_after)),
        ("parts", Out::Array(parts.iter().map(|name| Out::Text(name)).collect())),
    ]);
    Out::Object(members)
}

fn key(key: &AttestedKey) -> Out<'_> {
    Out::Object(vec![
        ("instance", Out::Text(&key.instance)),
        ("epochId", Out::Hex(&key.epoch_id)),
        ("keyConfig", Out::Hex(&key.key_config)),
        ("keyId", Out::Integer(key.key_id.into())),
        ("kemId", Out::Integer(key.suite.kem_id.into())),
        ("kdfId", Out::Integer(key.suite.kdf_id.into())),
        ("aeadId", Out::Integer(key.suite.aead_id.into())),
        ("publicKey", Out::Hex(&key.public_key)),
        ("serverTimeMs", Out::Integer(key.server_time_ms)),
        ("validForMs", Out::Integer(key.valid_for_ms)),
    ])
}
