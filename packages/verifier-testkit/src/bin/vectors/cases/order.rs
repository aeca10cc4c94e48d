//! Evidence with two faults: the check that comes first is told (PROTOCOL.md §8). One vector for each two neighbours among the checks of
//! a verification in which every step is made, so that together they fix the whole order.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::json;

use super::{
    chain::{LEAF, ROOT, draft, trusted},
    event_log,
    receipt::{conversation, with_model},
    receipt_status::current,
};
use crate::{
    certificates::{Chain, basic_constraints, common_name, key, key_info, key_usage, purposes, signs, tag, tlv},
    confidential::demand,
    cvm::{Machine, certificate::hw_id, report},
    keys::{Key, Keys},
    machine::boot,
    releases::{Document, Known, Released, first_set, key_set, key_set_id, public},
    scenario::{Cases, NOW_MS, Scenario, key_list},
    text::{base64url, hex},
    tpm::{self, SHA256, hash},
};

const CA: usize = 1;
/// resetCount, restartCount, clock and firmwareVersion that the scenario's TPM states.
const NOW: [u64; 4] = [3, 0, 1_000_000, 0x2023_0001_0002_0003];

/// Makes TPMT_SIGNATURE over TPMS_ATTEST.
type Sign = fn(&Key, &[u8]) -> Vec<u8>;

/// A verification before it is put together; faults change its parts.
struct Whole {
    released: Released,
    /// What the machine's processor reports, and certificates of the key.
    machine: Vec<fn(&mut Machine)>,
    chain: Vec<fn(&mut Chain)>,
    /// Of the chain that was signed.
    sent: Vec<fn(&mut Vec<Vec<u8>>)>,
    scenario: Vec<fn(&mut Scenario<'_>)>,
    /// What the key signs, and with which hash.
    signed: Option<Sign>,
    signature: Vec<fn(&mut Vec<u8>)>,
    /// Of what is remembered of signed documents: everything that the evidence brings, so that nothing is learned.
    known: Vec<fn(&mut Known)>,
    /// Of the state, behind everything else.
    state: Vec<fn(&mut Vec<u8>)>,
    is_receipt: bool,
    /// What the one who verifies a receipt knows besides.
    later: Document,
}

/// A check that fails: its code, and how.
struct Fault(&'static str, &'static str, fn(&mut Whole));

impl Whole {
    fn new(is_receipt: bool) -> Self {
        let mut released = Released::with_status();
        released.log = Some(crate::log::Logged::new());
        let next = key_set(&[("dora", "developer"), ("anna", "auditor")], json!({ "developer": 1, "auditor": 1 }));
        released.rotate(next, &["dora", "adam"]);
        released.manifest.signers = vec!["dora", "anna"];
        Self {
            released,
            machine: vec![],
            chain: vec![],
            sent: vec![],
            scenario: vec![],
            signed: None,
            signature: vec![],
            known: vec![],
            state: vec![],
            is_receipt,
            later: Document::new("status", json!({ "date": NOW_MS }), &["dora", "anna"]),
        }
    }

    fn put(self, s: &mut Scenario<'_>, keys: &Keys) {
        demand(s, keys);
        event_log::run(s, &boot(), event_log::log(&boot()));
        let mut released = self.released;
        let whole = &mut released.manifest.json["whole"][0]["pcrs"];
        // A manifest that has its own values keeps them.
        if whole["5"].is_null() {
            *whole = s.policy["releases"][0]["pcrs"].clone();
        }
        released.release(s);
        let mut known = Known {
            keys: key_set_id(&first_set()),
            floor: released.manifest.json["minVersion"].as_u64().unwrap(),
            date_ms: released.status().json["date"].as_u64().unwrap(),
            current: key_set_id(&released.key_sets[0].json),
        };
        self.known.iter().for_each(|change| change(&mut known));
        let machine = |machine: &mut Machine| self.machine.iter().for_each(|change| change(machine));
        s.static_members.insert(4, Value::Array(vec![report(s.key, keys, machine)]));

        let mut chain = draft(s);
        trusted(&mut chain);
        self.chain.iter().for_each(|change| change(&mut chain));
        let mut chain = chain.signed();
        let root = hex(&hash(SHA256, &[&chain[ROOT]]));
        let least = format!("{:016x}", NOW[3]);
        s.policy["anchors"] =
            json!([{ "kind": "azure", "rootSha256": root, "vm": "trusted", "minFirmwareVersion": least }]);
        self.sent.iter().for_each(|change| change(&mut chain));
        s.static_members.insert(1, Value::Array(chain.into_iter().map(Value::Bytes).collect()));
        s.policy["requireSafeClock"] = true.into();
        if self.is_receipt {
            conversation(s);
            s.current_status = Some((current(&[self.later], 1), NOW_MS));
        } else {
            remember(s, known);
        }
        self.scenario.iter().for_each(|change| change(s));
        s.state.iter_mut().for_each(|state| self.state.iter().for_each(|change| change(state)));
        let (signed, changes) = (self.signed, self.signature);
        s.signature = Some(Box::new(move |key, attest| {
            let mut signature = signed.map_or_else(|| key.sign(SHA256, attest), |sign| sign(key, attest));
            changes.iter().for_each(|change| change(&mut signature));
            signature
        }));
    }
}

/// The caller remembers the key as it is, and `known`, under a policy that is strict about it.
fn remember(s: &mut Scenario<'_>, known: Known) {
    s.policy["requireMonotonicState"] = true.into();
    s.state = Some(state(s, NOW, &[known]));
}

fn state(s: &Scenario<'_>, numbers: [u64; 4], known: &[Known]) -> Vec<u8> {
    let name = Value::Bytes(tpm::name(SHA256, &[&s.public()]));
    let ak = Value::map([(0, name)].into_iter().chain((1..).zip(numbers.map(Value::Uint))));
    let known = Value::array(known.iter().map(Known::value));
    Value::map([(0, 1.into()), (1, Value::Array(vec![ak])), (2, known)]).encode()
}

fn full(s: &mut Scenario<'_>) {
    let known: Vec<Known> = (0..64).map(|set| Known::of([set; 32])).collect();
    s.state = Some(state(s, [4, 0, 0, NOW[3]], &known));
}

fn last_year(chain: &mut Chain, index: usize) {
    chain.0[index].not_after = tlv(tag::UTC_TIME, "260101000000Z");
}

/// Before the first and behind the last certificate of a list, so that each is met on the way from the root.
fn in_the_evidence() -> Vec<Fault> {
    vec![
        Fault("policy.syntax", "policy", |w| w.scenario.push(|s| s.policy["maxAgeMs"] = 1.into())),
        Fault("bundle.schema", "bundle", |w| {
            w.scenario.push(|s| s.bundle = Box::new(|bundle| drop(bundle.insert(7, 0.into()))));
        }),
        Fault("bundle.version", "unasked", |w| w.scenario.push(|s| s.versions = vec![2])),
        Fault("bundle.static_mismatch", "static", |w| w.scenario.push(|s| s.static_hash = Some([9; 32]))),
        Fault("bundle.schema", "static-schema", |w| {
            w.scenario.push(|s| drop(s.static_members.insert(7, 0.into())));
        }),
        Fault("release.signature", "keys-signature", |w| {
            w.released.key_sets[0].patch_signed = |text| text.replace(&public("anna"), &public("mallory"));
        }),
        Fault("release.threshold", "keys-threshold", |w| w.released.key_sets[0].signers = vec!["dora"]),
        Fault("release.syntax", "keys-syntax", |w| w.released.key_sets[0].json["note"] = 0.into()),
        Fault("release.log_missing", "keys-log", |w| w.released.key_set_log.deliver = false),
        Fault("release.key_set_back", "keys-back", |w| w.known.push(|known| known.current = [9; 32])),
        Fault("release.key_set_expired", "keys-expired", |w| {
            w.released.key_sets[0].json["notAfter"] = NOW_MS.into();
        }),
        Fault("release.signature", "status-signature", |w| {
            w.released.status().patch_signed = |text| text.replace("date", "dato");
        }),
        Fault("release.threshold", "status-threshold", |w| w.released.status().signers = vec!["anna"]),
        Fault("release.syntax", "status-syntax", |w| w.released.status().json["note"] = 0.into()),
        Fault("release.log_missing", "status-log", |w| w.released.status_log.deliver = false),
        Fault("release.status_future", "status-future", |w| {
            w.released.status().json["date"] = (NOW_MS + 300_001).into();
        }),
        Fault("release.status_back", "status-back", |w| w.known.push(|known| known.date_ms += 1)),
        Fault("release.status_stale", "status-stale", |w| {
            w.scenario.push(|s| s.policy["status"]["maxAgeMs"] = 1000.into());
        }),
    ]
}

fn in_the_key() -> Vec<Fault> {
    vec![
        Fault("ak.syntax", "public", |w| {
            w.scenario.push(|s| s.patch_public = Some(Box::new(|public| public.push(0))));
        }),
        Fault("chain.root", "root", |w| {
            w.scenario.push(|s| s.policy["anchors"][0]["rootSha256"] = "11".repeat(32).into());
        }),
        Fault("chain.expired", "root-expired", |w| w.chain.push(|chain| last_year(chain, ROOT))),
        Fault("chain.not_ca", "root-authority", |w| {
            w.chain.push(|chain| chain.0[ROOT].extensions[0] = basic_constraints(false, None));
        }),
        Fault("chain.key_cert_sign", "root-usage", |w| w.chain.push(|chain| chain.0[ROOT].extensions[1] = signs())),
        Fault("chain.encoding", "ca-encoding", |w| w.sent.push(|chain| chain[CA].push(0))),
        Fault("chain.expired", "ca-expired", |w| w.chain.push(|chain| last_year(chain, CA))),
        Fault("chain.issuer", "ca-issuer", |w| w.chain.push(|chain| chain.0[CA].issuer = common_name("other"))),
        Fault("chain.signature", "ca-signature", |w| w.sent.push(|chain| *chain[CA].last_mut().unwrap() ^= 1)),
        Fault("chain.not_ca", "ca-authority", |w| {
            w.chain.push(|chain| chain.0[CA].extensions[0] = basic_constraints(false, None));
        }),
        Fault("chain.path_length", "ca-path", |w| {
            w.chain.push(|chain| chain.0[ROOT].extensions[0] = basic_constraints(true, Some(0)));
        }),
        Fault("chain.key_cert_sign", "ca-usage", |w| w.chain.push(|chain| chain.0[CA].extensions[1] = signs())),
        Fault("chain.ca_purpose", "ca-purpose", |w| {
            w.chain.push(|chain| chain.0[CA].extensions.push(purposes(&[b"\x2b\x06\x01\x05\x05\x07\x03\x01"])));
        }),
        Fault("chain.trailing", "leaf-tail", |w| w.sent.push(|chain| chain[LEAF].extend([0, 1]))),
        Fault("chain.expired", "leaf-expired", |w| w.chain.push(|chain| last_year(chain, LEAF))),
        Fault("chain.signature", "leaf-signature", |w| w.sent.push(|chain| *chain[LEAF].last_mut().unwrap() ^= 1)),
        Fault("chain.leaf_ca", "leaf-authority", |w| {
            w.chain.push(|chain| chain.0[LEAF].extensions[0] = basic_constraints(true, None));
        }),
        Fault("chain.revoked", "revoked", |w| {
            let issuer = hex(&hash(SHA256, &[&common_name("CA 1")]));
            w.released.status().json["revokedSerials"] = json!([{ "issuer": issuer, "serial": "01" }]);
        }),
        Fault("chain.leaf_key_usage", "leaf-usage", |w| {
            w.chain.push(|chain| chain.0[LEAF].extensions[1] = key_usage(5, 0x20));
        }),
        Fault("chain.leaf_purpose", "leaf-purpose", |w| {
            w.chain.push(|chain| chain.0[LEAF].extensions[2] = purposes(&[b"\x67\x81\x05\x08\x01"]));
        }),
        Fault("chain.vm_kind", "vm", |w| w.scenario.push(|s| s.policy["anchors"][0]["vm"] = "confidential".into())),
        Fault("chain.key_mismatch", "other-key", |w| w.chain.push(|chain| chain.0[LEAF].key_info = key_info(&key(9)))),
    ]
}

fn in_the_machine() -> Vec<Fault> {
    vec![
        Fault("platform.report", "hcl", |w| w.machine.push(|m| m.patch_hcl = Some(|hcl| hcl[0] = b'h'))),
        Fault("platform.certificates", "certificates", |w| {
            w.machine.push(|m| m.patch_chain = Some(|chain| drop(chain.pop())));
        }),
        Fault("platform.root", "processor-root", |w| {
            w.scenario.push(|s| s.policy["platform"]["processors"][0]["arkSha256"] = "77".repeat(32).into());
        }),
        Fault("platform.chain", "processor-chain", |w| {
            w.machine.push(|m| m.certificates[1].not_after = "260101000000Z")
        }),
        Fault("platform.chip", "chip", |w| w.machine.push(|m| m.certificates[0].extensions[4] = hw_id(&[0xc5; 64]))),
        Fault("platform.signature", "processor-signature", |w| {
            w.machine.push(|m| m.patch_signed = Some(|report| report[0x20] ^= 1));
        }),
        Fault("platform.vmpl", "vmpl", |w| w.machine.push(|m| m.patch_report = Some(|report| report[0x30] = 1))),
        Fault("platform.debug", "debug", |w| {
            w.machine.push(|m| {
                let is_asked_for_outside = m.patch_report.is_some();
                m.patch_report = Some(if is_asked_for_outside {
                    |report| asked_for_outside_and_open(report)
                } else {
                    |report| open(report)
                });
            });
        }),
        Fault("platform.firmware", "firmware", |w| {
            w.scenario.push(|s| s.policy["platform"]["idKeyDigests"] = json!(["77".repeat(48)]));
        }),
        Fault("platform.guest_svn", "guest-svn", |w| {
            w.scenario.push(|s| s.policy["platform"]["minGuestSvn"] = 3.into());
        }),
        Fault("platform.provisional", "provisional", |w| {
            w.machine.push(|m| m.patch_report = Some(|report| report[0x1e8] += 1));
        }),
        Fault("platform.tcb", "tcb", |w| {
            w.scenario.push(|s| s.policy["platform"]["processors"][0]["minTcb"]["tee"] = 1.into());
        }),
        Fault("platform.binding", "binding", |w| w.machine.push(|m| m.report_data = Some(vec![0; 64]))),
        Fault("platform.runtime_data", "runtime-data", |w| w.machine.push(|m| m.name_keys(&json!([])))),
        Fault("ak.assurance", "assurance", |w| {
            w.scenario.push(|s| s.policy["acceptAssurance"] = json!(["hardware-tpm"]));
        }),
    ]
}

fn in_the_quote() -> Vec<Fault> {
    vec![
        Fault("ak.attributes", "attributes", |w| w.scenario.push(|s| s.area.attributes &= !(1 << 16))),
        Fault("attest.type", "attest", |w| w.scenario.push(|s| s.attest.kind = 0x8017)),
        Fault("ak.qualified_name", "hierarchy", |w| w.scenario.push(|s| s.qualified_signer = Some(vec![0, 11, 1]))),
        Fault("signature.syntax", "signature-tail", |w| w.signature.push(|signature| signature.push(0))),
        Fault("signature.scheme", "signature-scheme", |w| w.signed = Some(|key, attest| key.sign(tpm::SHA384, attest))),
        Fault("signature.value", "signature-value", |w| w.signature.push(cut)),
        Fault("signature.invalid", "signature", |w| w.signed = Some(|key, _| key.sign(SHA256, b"another quote"))),
        Fault("attest.firmware_version", "tpm-firmware", |w| w.scenario.push(|s| s.attest.firmware_version = 1)),
        Fault("attest.clock_unsafe", "clock", |w| w.scenario.push(|s| s.attest.safe = 0)),
        Fault("binding.nonce", "nonce", |w| {
            w.scenario.push(|s| {
                s.bundle = Box::new(|bundle| {
                    bundle.insert(3, Value::map([(0, 1.into()), (1, Value::Array(vec![]))]));
                });
            });
        }),
        Fault("binding.extra_data", "extra-data", |w| w.scenario.push(|s| s.extra_data = Some(vec![7; 32]))),
        Fault("claims.encoding", "claims-tail", |w| {
            w.scenario.push(|s| s.patch_claims = Some(Box::new(|claims| claims.push(0))));
        }),
        Fault("claims.version", "claims-version", |w| w.scenario.push(|s| drop(s.claims.insert(0, 2.into())))),
        Fault("claims.schema", "claims-schema", |w| w.scenario.push(|s| drop(s.claims.insert(5, 0.into())))),
        Fault("claims.keys", "claims-keys", |w| w.scenario.push(|s| drop(s.claims.insert(3, [1; 3].into())))),
        Fault("claims.version", "claims-stripped", |w| {
            w.scenario.push(|s| {
                s.claims.insert(12, Value::array([1, 2]));
                s.versions.push(2);
            });
        }),
        Fault("claims.instance_key", "instance", |w| w.scenario.push(|s| drop(s.claims.insert(11, [3; 32].into())))),
        Fault("claims.audience", "audience", |w| w.scenario.push(|s| s.audience = "https://other.example")),
        Fault("claims.upstream", "upstream", |w| w.scenario.push(|s| drop(s.claims.insert(8, 2.into())))),
    ]
}

fn in_the_measurements() -> Vec<Fault> {
    vec![
        Fault("pcr.selection", "selection", |w| {
            w.scenario.push(|s| s.selections = Some(tpm::selections(&[(SHA256, vec![1, 0, 0, 0])])));
        }),
        Fault("pcr.values", "values", |w| {
            w.scenario.push(|s| {
                s.bundle = Box::new(|bundle| {
                    bundle.insert(4, Value::map([(0, 11.into()), (1, Value::map([]))]));
                });
            });
        }),
        Fault("pcr.digest", "digest", |w| w.scenario.push(|s| s.pcr_digest = Some(vec![7; 32]))),
        Fault("release.signature", "manifest-signature", |w| {
            w.released.manifest.patch_signed = |text| text.replace("chat 2026.12", "chat 2026.13");
        }),
        Fault("release.threshold", "manifest-threshold", |w| w.released.manifest.signers = vec!["dora"]),
        Fault("release.syntax", "manifest-syntax", |w| w.released.manifest.json["note"] = 0.into()),
        Fault("release.invalid", "manifest-invalid", |w| w.released.manifest.json["minVersion"] = 13.into()),
        Fault("release.bank", "manifest-bank", |w| {
            w.released.manifest.json["bank"] = "sha384".into();
            w.released.manifest.json["whole"][0]["pcrs"] = json!({ "5": "77".repeat(48) });
        }),
        Fault("release.not_yet_valid", "manifest-early", |w| {
            w.released.manifest.json["notBefore"] = (NOW_MS + 1).into();
        }),
        Fault("release.revoked", "manifest-revoked", |w| w.scenario.push(revoke)),
        Fault("release.below_floor", "floor", |w| {
            w.scenario.push(|s| s.policy["releaseKeys"]["minVersion"] = 13.into())
        }),
        Fault("release.log_format", "log-format", |w| {
            w.released.log().patch = Some(Box::new(|proof| proof.replacen("@v1", "@v2", 1)));
        }),
        Fault("release.log_origin", "log-origin", |w| {
            w.released.log().origin = "log.example/other";
        }),
        Fault("release.log_signature", "log-key", |w| {
            w.released.log().signer = Some("other log");
        }),
        Fault("release.log_witness", "log-witness", |w| w.released.log().witnesses = vec![]),
        Fault("release.log_inclusion", "log-inclusion", |w| w.released.log().path = |path| path[0][0] ^= 1),
        Fault("pcr.coverage", "coverage", |w| {
            w.scenario.push(|s| s.policy["pcrs"]["rules"]["2"] = "unchecked".into());
        }),
        Fault("pcr.bank_unextended", "bank-unextended", |w| {
            w.scenario.push(|s| drop(s.pcrs.insert(0, vec![0; 32])));
        }),
        Fault("pcr.touched", "touched", |w| {
            w.scenario.push(|s| s.policy["pcrs"]["rules"]["5"] = "untouched".into());
        }),
        Fault("pcr.derived", "derived", |w| {
            w.scenario.push(|s| s.policy["pcrs"]["rules"]["14"] = "config".into());
        }),
        Fault("pcr.mismatch", "mismatch", |w| {
            w.released.manifest.json["whole"][0]["pcrs"] = json!({ "5": "77".repeat(32) });
        }),
        Fault("claims.config", "config", |w| w.released.manifest.json["configDigests"] = json!(["33".repeat(32)])),
        Fault("eventlog.missing", "event-log", |w| w.scenario.push(|s| drop(s.static_members.remove(&2)))),
    ]
}

fn in_the_state() -> Vec<Fault> {
    vec![
        Fault("state.encoding", "state", |w| w.state.push(|state| state.push(0))),
        Fault("state.full", "state-full", |w| w.scenario.push(full)),
        Fault("state.tpm_cleared", "state-cleared", |w| {
            w.scenario.push(|s| s.attest.reset_count = 2);
        }),
        Fault("claims.suite", "suite", |w| w.scenario.push(|s| drop(s.claims.insert(3, unknown_kem())))),
    ]
}

/// Behind the event log, for a receipt, whose verification has no state.
fn in_the_receipt() -> Vec<Fault> {
    vec![
        Fault("eventlog.missing", "receipt-event-log", |w| w.scenario.push(|s| drop(s.static_members.remove(&2)))),
        Fault("receipt.signature", "receipt", |w| {
            w.scenario.push(|s| s.exchange.as_mut().unwrap().signature[0] ^= 1);
        }),
        Fault("claims.server_time", "receipt-time", |w| {
            w.scenario.push(|s| drop(s.claims.insert(6, (NOW_MS + 300_001).into())));
        }),
        Fault("claims.suite", "suite", |w| w.scenario.push(|s| drop(s.claims.insert(3, unknown_kem())))),
    ]
}

/// Around the model of a receipt, which is compared once the signature over it holds.
fn in_the_model() -> Vec<Fault> {
    vec![
        Fault("receipt.signature", "signature", |w| {
            w.scenario.push(|s| s.exchange.as_mut().unwrap().signature[0] ^= 1);
        }),
        Fault("receipt.model", "model", |w| w.scenario.insert(0, |s| with_model(s, [0x77; 32]))),
        Fault("claims.server_time", "time", |w| {
            w.scenario.push(|s| drop(s.claims.insert(6, (NOW_MS + 300_001).into())));
        }),
    ]
}

/// Around the status that the one who verifies a receipt knows besides.
fn in_the_later_status() -> Vec<Fault> {
    vec![
        Fault("release.status_stale", "status-stale", |w| w.released.status().json["date"] = 1.into()),
        Fault("release.threshold", "later-threshold", |w| w.later.signers = vec!["anna"]),
        Fault("release.syntax", "later-syntax", |w| w.later.json["note"] = 0.into()),
        Fault("release.status_future", "later-future", |w| w.later.json["date"] = (NOW_MS + 300_001).into()),
        Fault("ak.syntax", "public", |w| {
            w.scenario.push(|s| s.patch_public = Some(Box::new(|public| public.push(0))));
        }),
    ]
}

fn open(report: &mut [u8]) {
    report[0x0a] |= 1 << 3;
}

fn asked_for_outside_and_open(report: &mut [u8]) {
    report[0x30] = 1;
    open(report);
}

/// Runtime data cannot be unreadable and name another key at once.
fn of_another_key() -> Vec<Fault> {
    vec![
        Fault("platform.binding", "binding", |w| w.machine.push(|m| m.report_data = Some(vec![0; 64]))),
        Fault("platform.key_mismatch", "held-key", |w| {
            w.machine.push(|m| {
                let mut key = m.named_key();
                key["n"] = base64url(&[0xe5; 256]).into();
                m.name_keys(&json!([key]));
            });
        }),
        Fault("ak.assurance", "assurance", |w| {
            w.scenario.push(|s| s.policy["acceptAssurance"] = json!(["hardware-tpm"]));
        }),
    ]
}

fn unknown_kem() -> Value {
    key_list(&[vec![9, 0xfe, 0xfe, 1, 2]])
}

/// A signature without its last byte, of a size that says so.
fn cut(signature: &mut Vec<u8>) {
    signature.pop();
    let size = (signature.len() - 6) as u16;
    signature[4..6].copy_from_slice(&size.to_be_bytes());
}

/// The status withdraws the manifest that the evidence brings.
fn revoke(s: &mut Scenario<'_>) {
    let Some(Value::Map(release)) = s.static_members.get(&3) else { panic!("no release") };
    let Value::Map(manifest) = &release[&0] else { panic!("no manifest") };
    let Value::Bytes(payload) = &manifest[&0] else { panic!("no payload") };
    let mut released = Released::with_status();
    released.status().json["revokedReleases"] = json!([hex(&hash(SHA256, &[payload]))]);
    let status = released.status.as_ref().unwrap().value(Some(&released.status_log));
    s.static_members.insert(5, status);
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    cases.accept_rsa("ok-order", "every step but that of receipts", |s| {
        Whole::new(false).put(s, keys);
        s.next_state = s.state.clone();
    });
    cases.accept_rsa("ok-order-receipt", "every step but that of the state", |s| Whole::new(true).put(s, keys));
    let parts =
        [in_the_evidence(), in_the_key(), in_the_machine(), in_the_quote(), in_the_measurements(), in_the_state()];
    neighbours(cases, &parts.into_iter().flatten().collect::<Vec<_>>(), false);
    neighbours(cases, &of_another_key(), false);
    neighbours(cases, &in_the_receipt(), true);
    neighbours(cases, &in_the_model(), true);
    neighbours(cases, &in_the_later_status(), true);
}

fn neighbours(cases: &mut Cases<'_>, faults: &[Fault], is_receipt: bool) {
    let keys = cases.keys;
    for (Fault(code, name, put), Fault(later, other, put_other)) in faults.iter().zip(&faults[1..]) {
        let why = format!("where both are met, {code} is told and {later} is not");
        let prefix = if is_receipt { "receipt-" } else { "" };
        cases.reject_rsa(code, &format!("order-{prefix}{name}-{other}"), &why, |s| {
            let mut whole = Whole::new(is_receipt);
            put(&mut whole);
            put_other(&mut whole);
            whole.put(s, keys);
        });
    }
}
