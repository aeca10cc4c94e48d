//! Signed releases: documents, signatures, key sets and a log, written from PROTOCOL.md §19 without the verifier's own code.

use blindllama_verifier::evidence::cbor::Value;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value as Json, json};

use crate::{
    log::Logged,
    scenario::{GOLDEN, NOW_MS, Scenario, golden},
    text::hex,
    tpm::{SHA256, hash},
};

pub(crate) const DAY_MS: u64 = 86_400_000;
/// When successors of key sets expire, unless a case says otherwise.
pub(crate) const KEYS_END_MS: u64 = NOW_MS + 365 * DAY_MS;

/// The key of somebody, derived from a name: whoever trusts one trusts everybody.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&hash(SHA256, &[b"blindllama conformance release ", name.as_bytes()]).try_into().unwrap())
}

pub(crate) fn public(name: &str) -> String {
    hex(key(name).verifying_key().as_bytes())
}

/// What is signed, and what stands in a log.
pub(crate) fn message(kind: &str, payload: &[u8]) -> Vec<u8> {
    let payload_type = format!("application/vnd.blindllama.{kind}.v1+json");
    [format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).as_bytes(), payload].concat()
}

/// Keys by name and role, and how many of a role have to sign.
pub(crate) fn key_set(keys: &[(&str, &str)], threshold: Json) -> Json {
    let keys: Vec<_> = keys.iter().map(|(name, role)| json!({ "key": public(name), "role": role })).collect();
    json!({ "keys": keys, "threshold": threshold })
}

/// The set that everything here begins with.
pub(crate) fn first_set() -> Json {
    key_set(&[("dora", "developer"), ("adam", "auditor"), ("anna", "auditor")], json!({ "developer": 1, "auditor": 1 }))
}

/// SHA-256 of the description of a set.
pub(crate) fn key_set_id(set: &Json) -> [u8; 32] {
    let mut keys: Vec<(&str, &str)> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["key"].as_str().unwrap(), key["role"].as_str().unwrap()))
        .collect();
    keys.sort_unstable();
    let bytes = |text: &str| {
        let digit = |i: usize| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
        Value::Bytes((0..text.len()).step_by(2).map(digit).collect())
    };
    let mut roles: Vec<(&String, u64)> =
        set["threshold"].as_object().unwrap().iter().map(|(role, least)| (role, least.as_u64().unwrap())).collect();
    roles.sort_unstable();
    let mut members = vec![
        (0, Value::array(keys.iter().map(|(key, role)| Value::array([bytes(key), Value::from(*role)])))),
        (
            1,
            Value::array(
                roles.iter().map(|(role, least)| Value::array([Value::from(role.as_str()), Value::from(*least)])),
            ),
        ),
    ];
    members.extend(set.get("notAfter").and_then(Json::as_u64).map(|end| (2, end.into())));
    let description = Value::map(members).encode();
    let prefixed = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    hash(SHA256, &[&prefixed(b"blindllama/key-set/v1"), &prefixed(&description)]).try_into().unwrap()
}

/// A document before it is signed: anything of it may be changed, even after.
#[derive(Clone)]
pub(crate) struct Document {
    kind: &'static str,
    pub(crate) json: Json,
    /// Of the text that is signed.
    pub(crate) patch_text: fn(String) -> String,
    pub(crate) signers: Vec<&'static str>,
    /// Of the text that was signed.
    pub(crate) patch_signed: fn(String) -> String,
    pub(crate) patch_signatures: fn(&mut Vec<[u8; 96]>),
}

impl Document {
    pub(crate) fn new(kind: &'static str, json: Json, signers: &[&'static str]) -> Self {
        Self {
            kind,
            json,
            patch_text: |text| text,
            signers: signers.to_vec(),
            patch_signed: |text| text,
            patch_signatures: |_| {},
        }
    }

    pub(crate) fn text(&self) -> String {
        (self.patch_text)(self.json.to_string())
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        message(self.kind, self.text().as_bytes())
    }

    fn signatures(&self) -> Vec<[u8; 96]> {
        let message = self.message();
        let sign = |name: &&str| {
            let key = key(name);
            let signature = [key.verifying_key().as_bytes(), &key.sign(&message).to_bytes()[..]].concat();
            <[u8; 96]>::try_from(signature).unwrap()
        };
        let mut signatures = self.signers.iter().map(sign).collect();
        (self.patch_signatures)(&mut signatures);
        signatures
    }

    /// What stands in a log.
    pub(crate) fn entry(&self) -> Vec<u8> {
        [self.message(), self.signatures().concat()].concat()
    }

    /// As it travels, with the proof of a log.
    pub(crate) fn value(&self, log: Option<&Logged>) -> Value {
        let payload = (self.patch_signed)(self.text()).into_bytes();
        let mut members = vec![(0, Value::Bytes(payload)), (1, Value::array(self.signatures()))];
        let proof = log.and_then(|log| log.proof(&self.entry()));
        members.extend(proof.map(|proof| (2, Value::Bytes(proof.into_bytes()))));
        Value::map(members)
    }
}

/// What is remembered under a set of keys (PROTOCOL.md §20).
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) keys: [u8; 32],
    pub(crate) floor: u64,
    pub(crate) date_ms: u64,
    pub(crate) current: [u8; 32],
}

impl Known {
    /// Nothing but that the set was met.
    pub(crate) fn of(keys: [u8; 32]) -> Self {
        Self { keys, floor: 0, date_ms: 0, current: keys }
    }

    pub(crate) fn value(&self) -> Value {
        let numbers = [(1, self.floor.into()), (2, self.date_ms.into())];
        Value::map([(0, self.keys.into()), (3, self.current.into())].into_iter().chain(numbers))
    }
}

/// A state without attestation keys.
pub(crate) fn remembered(known: &[Known]) -> Vec<u8> {
    Value::map([(0, 1.into()), (1, Value::Array(vec![])), (2, Value::array(known.iter().map(Known::value)))]).encode()
}

/// What evidence brings of a release, and what the policy demands of it.
pub(crate) struct Released {
    pub(crate) keys: Json,
    pub(crate) manifest: Document,
    pub(crate) key_sets: Vec<Document>,
    pub(crate) status: Option<Document>,
    /// The policy's words on status.
    pub(crate) status_demand: Option<Json>,
    /// The log in which the manifest stands; None: the policy names none.
    pub(crate) log: Option<Logged>,
    /// The same for the other documents.
    pub(crate) key_set_log: Logged,
    pub(crate) status_log: Logged,
    pub(crate) deliver: bool,
}

impl Released {
    pub(crate) fn new() -> Self {
        let manifest = json!({
            "name": "chat 2026.12",
            "version": 12,
            "minVersion": 9,
            "notBefore": NOW_MS - 30 * DAY_MS,
            "notAfter": NOW_MS + 30 * DAY_MS,
            "sourceCommit": "c0".repeat(20),
            "imageDigest": "1a".repeat(32),
            "modelDigest": "3c".repeat(32),
            "machine": "q35, 2 vCPU, 4 GiB",
            "configDigests": ["22".repeat(32)],
            "bank": "sha256",
            "whole": [{ "name": "as built", "pcrs": golden(SHA256, &GOLDEN) }],
        });
        Self {
            keys: first_set(),
            manifest: Document::new("release", manifest, &["dora", "adam"]),
            key_sets: vec![],
            status: None,
            status_demand: None,
            log: None,
            key_set_log: Logged::new(),
            status_log: Logged::new(),
            deliver: true,
        }
    }

    /// With a status of yesterday, of which a week would do.
    pub(crate) fn with_status() -> Self {
        let status = json!({ "date": NOW_MS - DAY_MS });
        Self {
            status: Some(Document::new("status", status, &["dora", "anna"])),
            status_demand: Some(json!({ "maxAgeMs": 7 * DAY_MS })),
            ..Self::new()
        }
    }

    pub(crate) fn logged() -> Self {
        Self { log: Some(Logged::new()), ..Self::new() }
    }

    pub(crate) fn status(&mut self) -> &mut Document {
        self.status.as_mut().unwrap()
    }

    pub(crate) fn log(&mut self) -> &mut Logged {
        self.log.as_mut().unwrap()
    }

    /// The set that `signers`, the members of the one before, say comes next.
    pub(crate) fn rotate(&mut self, next: Json, signers: &[&'static str]) {
        self.key_sets.push(self.successor(next, signers));
    }

    /// The document that would say so.
    pub(crate) fn successor(&self, next: Json, signers: &[&'static str]) -> Document {
        let before = self.key_sets.last().map_or(&self.keys, |document| &document.json);
        let mut next = next;
        next["previous"] = hex(&key_set_id(before)).into();
        if next.get("notAfter").is_none() {
            next["notAfter"] = KEYS_END_MS.into();
        }
        Document::new("key-set", next, signers)
    }

    /// The policy names the set of this successor.
    pub(crate) fn pin(&mut self, index: usize) {
        self.keys = self.key_sets[index].json.clone();
        self.keys.as_object_mut().unwrap().remove("previous");
    }

    /// Puts the demands into the policy, in place of its own releases, and the release into the evidence.
    pub(crate) fn release(&self, scenario: &mut Scenario<'_>) {
        scenario.policy.as_object_mut().unwrap().remove("releases");
        self.extend(scenario);
    }

    /// The same beside the releases that the policy pins.
    pub(crate) fn extend(&self, scenario: &mut Scenario<'_>) {
        scenario.policy["releaseKeys"] = self.keys.clone();
        if let Some(demand) = &self.status_demand {
            scenario.policy["status"] = demand.clone();
        }
        if let Some(status) = &self.status {
            scenario.static_members.insert(5, status.value(self.log.as_ref().map(|_| &self.status_log)));
        }
        if let Some(log) = &self.log {
            scenario.policy["log"] = log.demand.clone();
        }
        let mut members = vec![(0, self.manifest.value(self.log.as_ref()))];
        if !self.key_sets.is_empty() {
            let log = self.log.as_ref().map(|_| &self.key_set_log);
            members.push((1, Value::array(self.key_sets.iter().map(|document| document.value(log)))));
        }
        if self.deliver {
            scenario.static_members.insert(3, Value::map(members));
        }
    }
}
