//! One verification that passes, every part of which a case may change before the next part is made from it.

use std::collections::BTreeMap;

use blindllama_verifier::evidence::{
    binding,
    cbor::Value,
    key_config::{self, KeyConfig, SymmetricAlgorithms},
    nonce_tree::{Hash, NonceTree},
};
use ed25519_dalek::SigningKey;
use serde_json::{Value as Json, json};

use crate::{
    index,
    keys::{Key, Keys},
    text::hex,
    tpm::{self, AttestArea, PublicArea, RSAPSS, SHA256, SHA384, hash},
};

/// The hash that a policy's digests and golden values stand for here.
pub(crate) fn value(bank: u16, index: u8) -> Vec<u8> {
    hash(bank, &[b"PCR ", &[index]])
}

/// The PCRs of the scenario whose rule is golden: a policy that leaves one of them open proves less (PROTOCOL.md §7.1).
pub(crate) const GOLDEN: [u8; 6] = [0, 1, 2, 4, 7, 11];
/// Those whose rule is untouched,
pub(crate) const UNTOUCHED: [u8; 2] = [12, 13];
/// and all that are quoted: one is unchecked.
pub(crate) const SELECTED: [u8; 9] = [0, 1, 2, 4, 7, 11, 12, 13, 14];

pub(crate) const NONCE: Hash = [0x5a; 32];
pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const X25519: [u64; 3] = [0x20, 1, 1];

type Members = BTreeMap<u64, Value>;
type Patch = Box<dyn Fn(&mut Vec<u8>)>;
type Sign = Box<dyn Fn(&Key, &[u8]) -> Vec<u8>>;

/// What a case starts from and changes. Members are used in the order in which they stand here.
pub(crate) struct Scenario<'k> {
    pub(crate) key: &'k Key,
    pub(crate) area: PublicArea,
    pub(crate) patch_public: Option<Patch>,
    pub(crate) claims: Members,
    /// Whose instance key the claims name, and whose signature stands beside them.
    pub(crate) instance: Option<Instance>,
    pub(crate) patch_claims: Option<Patch>,
    /// What the quote covers, where that is not the claims that are delivered.
    pub(crate) quoted_claims: Option<Vec<u8>>,
    pub(crate) depth: u32,
    pub(crate) index: u64,
    pub(crate) path: Option<Vec<Hash>>,
    pub(crate) bank: u16,
    pub(crate) pcrs: BTreeMap<u8, Vec<u8>>,
    pub(crate) selected: Vec<u8>,
    pub(crate) selections: Option<Vec<u8>>,
    pub(crate) pcr_digest: Option<Vec<u8>>,
    pub(crate) qualified_signer: Option<Vec<u8>>,
    pub(crate) extra_data: Option<Vec<u8>>,
    pub(crate) attest: AttestArea,
    /// Before it is signed.
    pub(crate) patch_attest: Option<Patch>,
    /// After the attest was signed.
    pub(crate) patch_signed: Option<Patch>,
    pub(crate) signature: Option<Sign>,
    pub(crate) static_members: Members,
    pub(crate) patch_static: Option<Patch>,
    pub(crate) static_hash: Option<Hash>,
    pub(crate) deliver_static: bool,
    pub(crate) hold_static: bool,
    pub(crate) bundle: Box<dyn Fn(&mut Members)>,
    pub(crate) patch_bundle: Option<Patch>,
    pub(crate) policy: Json,
    pub(crate) patch_policy: Option<Box<dyn Fn(String) -> String>>,
    pub(crate) audience: &'static str,
    pub(crate) nonce: Hash,
    pub(crate) allow_simulated: bool,
    pub(crate) versions: Vec<u64>,
    pub(crate) suites: Vec<[u64; 3]>,
    pub(crate) state: Option<Vec<u8>>,
    /// The vector before it in a sequence, whose `nextState` is the state of this one.
    pub(crate) after: Option<&'static str>,
    /// What the verdict must give to be kept.
    pub(crate) next_state: Option<Vec<u8>>,
    pub(crate) exchange: Option<Exchange>,
    /// A verification record: what a receipt is without an exchange.
    pub(crate) is_record: bool,
    /// What the one who verifies a receipt knows of withdrawals, and when.
    pub(crate) current_status: Option<(Value, u64)>,
}

/// A process of the gateway: a key that the claims name, and what is signed beside them.
pub(crate) struct Instance {
    pub(crate) key: SigningKey,
    /// Over encoded claims.
    pub(crate) sign: fn(&SigningKey, &[u8]) -> Vec<u8>,
}

/// What a receipt says was signed.
pub(crate) struct Exchange {
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) request: Vec<u8>,
    pub(crate) response: Vec<u8>,
    pub(crate) model_digest: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Exchange {
    fn json(&self) -> Json {
        json!({
            "salt": self.salt.as_deref().map(hex),
            "request": hex(&self.request),
            "response": hex(&self.response),
            "modelDigest": hex(&self.model_digest),
            "signature": hex(&self.signature),
        })
    }
}

pub(crate) fn key_config(key_id: u8, kem_id: u16, suites: &[(u16, u16)]) -> Vec<u8> {
    let algorithms = suites.iter().map(|&(kdf_id, aead_id)| SymmetricAlgorithms { kdf_id, aead_id }).collect();
    KeyConfig { key_id, kem_id, public_key: &[key_id; 32], algorithms }.encode().unwrap()
}

pub(crate) fn key_list(configs: &[Vec<u8>]) -> Value {
    Value::Bytes(key_config::encode_list(configs).unwrap())
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let Value::Bytes(bytes) = value else { panic!("not a byte string") };
    bytes.clone()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn measured(bank: u16, length: usize) -> BTreeMap<u8, Vec<u8>> {
    let reset = |index| UNTOUCHED.contains(index).then(|| vec![0; length]);
    SELECTED.iter().map(|index| (*index, reset(index).unwrap_or_else(|| value(bank, *index)))).collect()
}

impl<'k> Scenario<'k> {
    pub(crate) fn new(key: &'k Key) -> Self {
        let claims = BTreeMap::from([
            (0, 1.into()),
            (1, Value::array(["https://chat.example"])),
            (2, "i0".into()),
            (3, key_list(&[key_config(7, 0x20, &[(1, 1)])])),
            (4, [0x11; 16].into()),
            (5, 3_600_000.into()),
            (6, NOW_MS.into()),
            (7, [0x22; 32].into()),
            (8, 0.into()),
            (12, Value::array([1])),
            (13, 2.into()),
        ]);
        let policy = json!({
            "version": 1,
            "anchors": [{ "kind": "ak-name", "name": "", "assurance": "hardware-tpm", "hierarchy": "endorsement" }],
            "pcrs": {
                "bank": "sha256",
                "rules": {
                    "0": "golden", "1": "golden", "2": "golden", "4": "golden", "7": "golden",
                    "11": "golden", "12": "untouched", "13": "untouched", "14": "unchecked"
                }
            },
            "releases": [{ "name": "chat 2026.11", "pcrs": golden(SHA256, &GOLDEN), "configDigests": ["22".repeat(32)] }]
        });
        Self {
            key,
            area: key.public_area(),
            patch_public: None,
            claims,
            instance: None,
            patch_claims: None,
            quoted_claims: None,
            depth: 1,
            index: 0,
            path: None,
            bank: SHA256,
            pcrs: measured(SHA256, 32),
            selected: SELECTED.into(),
            selections: None,
            pcr_digest: None,
            qualified_signer: None,
            extra_data: None,
            attest: AttestArea {
                magic: 0xff54_4347,
                kind: 0x8018,
                clock: 1_000_000,
                reset_count: 3,
                restart_count: 0,
                safe: 1,
                firmware_version: 0x2023_0001_0002_0003,
            },
            patch_attest: None,
            patch_signed: None,
            signature: None,
            static_members: BTreeMap::new(),
            patch_static: None,
            static_hash: None,
            deliver_static: true,
            hold_static: false,
            bundle: Box::new(|_| {}),
            patch_bundle: None,
            policy,
            patch_policy: None,
            audience: "https://chat.example",
            nonce: NONCE,
            allow_simulated: false,
            versions: vec![1],
            suites: vec![X25519],
            state: None,
            after: None,
            next_state: None,
            exchange: None,
            is_record: false,
            current_status: None,
        }
    }

    /// The same verification in the other bank.
    pub(crate) fn use_sha384(&mut self) {
        self.bank = SHA384;
        self.pcrs = measured(SHA384, 48);
        self.policy["pcrs"]["bank"] = "sha384".into();
        self.policy["releases"][0]["pcrs"] = golden(SHA384, &GOLDEN);
    }

    /// `extraData` for a tree of which the client's nonce is one leaf, and the way from there to the root.
    fn tree(&self, claims: &[u8]) -> (Hash, Vec<Hash>) {
        let nonces: Vec<Hash> =
            (0..1_u64 << self.depth).map(|leaf| if leaf == self.index { NONCE } else { [leaf as u8; 32] }).collect();
        let tree = NonceTree::new(&nonces).unwrap();
        (binding::extra_data(&tree.root(), claims), tree.path(self.index as usize).unwrap_or_default())
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        patched(self.area.encode(), self.patch_public.as_ref())
    }

    fn signed_quote(&self, public: &[u8], extra_data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let name_algorithm = self.area.name_algorithm;
        let qualified_signer = self.qualified_signer.clone().unwrap_or_else(|| {
            tpm::name(name_algorithm, &[&[0x40, 0, 0, 0x0b], &tpm::name(name_algorithm, &[public])])
        });
        let selections =
            self.selections.clone().unwrap_or_else(|| tpm::selections(&[(self.bank, tpm::select(&self.selected))]));
        let digest = self.pcr_digest.clone().unwrap_or_else(|| {
            let values: Vec<&[u8]> = self.selected.iter().map(|index| &self.pcrs[index][..]).collect();
            hash(self.area.hash, &values)
        });
        let attest = self.attest.encode(&qualified_signer, extra_data, &selections, &digest);
        let attest = patched(attest, self.patch_attest.as_ref());
        let signature = match &self.signature {
            Some(sign) => sign(self.key, &attest),
            None if self.area.scheme == RSAPSS => self.key.sign_pss(self.area.hash, &attest, digest.len()),
            None => self.key.sign(self.area.hash, &attest),
        };
        (patched(attest, self.patch_signed.as_ref()), signature)
    }

    /// Bundle and static part.
    fn evidence(&self, public: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        let mut claims = self.claims.clone();
        if let Some(instance) = &self.instance {
            claims.entry(11).or_insert(instance.key.verifying_key().to_bytes().into());
        }
        let claims = patched(Value::map(claims).encode(), self.patch_claims.as_ref());
        let (extra_data, path) = self.tree(self.quoted_claims.as_ref().unwrap_or(&claims));
        let (attest, signature) = self.signed_quote(&public, self.extra_data.as_deref().unwrap_or(&extra_data));
        let path = self.path.clone().unwrap_or(path);
        let mut static_part = self.static_members.clone();
        static_part.entry(0).or_insert(Value::Bytes(public));
        let static_part = patched(Value::map(static_part).encode(), self.patch_static.as_ref());
        let static_hash = self.static_hash.unwrap_or_else(|| hash(SHA256, &[&static_part]).try_into().unwrap());
        let pcrs = self.pcrs.iter().map(|(index, value)| (u64::from(*index), Value::Bytes(value.clone())));
        let mut bundle = BTreeMap::from([
            (0, 1.into()),
            (1, Value::Bytes(claims)),
            (2, Value::map([(0, Value::Bytes(attest)), (1, Value::Bytes(signature))])),
            (3, Value::map([(0, self.index.into()), (1, Value::array(path))])),
            (4, Value::map([(0, u64::from(self.bank).into()), (1, Value::map(pcrs))])),
            (5, static_hash.into()),
        ]);
        if self.deliver_static {
            bundle.insert(6, Value::Bytes(static_part.clone()));
        }
        if let Some(instance) = &self.instance {
            bundle.insert(7, Value::Bytes((instance.sign)(&instance.key, &bytes(&bundle[&1]))));
        }
        (self.bundle)(&mut bundle);
        (patched(Value::map(bundle).encode(), self.patch_bundle.as_ref()), static_part)
    }

    /// The input of the verification as a vector, without its name.
    pub(crate) fn build(mut self) -> Json {
        let public = self.public();
        put_name(&mut self.policy["anchors"], &hex(&tpm::name(self.area.name_algorithm, &[&public])));
        let policy = self.policy.to_string();
        let (evidence, static_part) = self.evidence(public);
        json!({
            "policy": match &self.patch_policy { Some(patch) => patch(policy), None => policy },
            "audience": self.audience,
            "nonce": hex(&self.nonce),
            "nowMs": NOW_MS,
            "allowSimulated": self.allow_simulated,
            "versions": self.versions,
            "suites": self.suites,
            "state": self.state.as_deref().map(hex),
            "after": self.after,
            "nextState": self.next_state.as_deref().map(hex),
            "receipt": (self.is_record || self.exchange.is_some()).then(|| json!({
                "exchange": self.exchange.as_ref().map(Exchange::json),
                "status": self.current_status.as_ref().map(|(documents, now_ms)| json!({
                    "documents": hex(&documents.encode()),
                    "nowMs": now_ms,
                })),
            })),
            "static": self.hold_static.then(|| hex(&static_part)),
            "evidence": hex(&evidence),
        })
    }
}

/// Puts the Name of the key where anchors leave it empty.
fn put_name(anchors: &mut Json, name: &str) {
    for anchor in anchors.as_array_mut().into_iter().flatten() {
        if anchor["name"] == "" {
            anchor["name"] = name.into();
        }
        for listed in anchor.get_mut("names").and_then(Json::as_array_mut).into_iter().flatten() {
            if listed == "" {
                *listed = name.into();
            }
        }
        put_name(anchor.get_mut("allOf").unwrap_or(&mut Json::Null), name);
    }
}

pub(crate) fn golden(bank: u16, indices: &[u8]) -> Json {
    indices
        .iter()
        .map(|&index| (index.to_string(), Json::from(hex(&value(bank, index)))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn patched(mut bytes: Vec<u8>, patch: Option<&Patch>) -> Vec<u8> {
    if let Some(patch) = patch {
        patch(&mut bytes);
    }
    bytes
}

/// A case: a name, what it stands for, the code it must end in (`ok` where it is accepted), and what it changes.
pub(crate) struct Cases<'k> {
    pub(crate) keys: &'k Keys,
    pub(crate) done: Vec<Json>,
}

impl Cases<'_> {
    fn push(
        &mut self,
        key: &Key,
        name: &str,
        why: &str,
        code: &str,
        warnings: &[&str],
        change: impl FnOnce(&mut Scenario<'_>),
    ) {
        let mut scenario = Scenario::new(key);
        change(&mut scenario);
        if let Some(name) = scenario.after {
            let before = self.done.iter().find(|vector| vector["name"] == name).unwrap();
            scenario.state = Some(unhex(before["nextState"].as_str().unwrap()));
        }
        // Every release that nobody can withdraw is worth a warning.
        let asks_no_status = scenario.policy.get("releaseKeys").is_some() && scenario.policy.get("status").is_none();
        let unasked = (code == "ok" && asks_no_status).then_some("release.keys");
        let warnings: Vec<&str> = unasked.iter().chain(warnings).copied().collect();
        let mut vector = json!({
            "name": name,
            "why": why,
            "expect": if code == "ok" { "accept" } else { "reject" },
            "layer": code.split('.').next(),
            "code": code,
            "warnings": warnings,
            "ids": index::ids(name),
            "twin": (code != "ok").then(|| index::twin(name, key.accepted())),
        });
        vector.as_object_mut().unwrap().extend(scenario.build().as_object().unwrap().clone());
        self.done.push(vector);
    }

    pub(crate) fn accept(&mut self, name: &str, why: &str, change: impl FnOnce(&mut Scenario<'_>)) {
        let keys = self.keys;
        self.push(&keys.ecc, name, why, "ok", &[], change);
    }

    pub(crate) fn accept_with_warning(
        &mut self,
        name: &str,
        why: &str,
        step: &str,
        change: impl FnOnce(&mut Scenario<'_>),
    ) {
        let keys = self.keys;
        self.push(&keys.ecc, name, why, "ok", &[step], change);
    }

    /// Refused in a later step than one that warns.
    pub(crate) fn reject_after_warning(
        &mut self,
        code: &str,
        name: &str,
        why: &str,
        step: &str,
        change: impl FnOnce(&mut Scenario<'_>),
    ) {
        let keys = self.keys;
        self.push(&keys.ecc, name, why, code, &[step], change);
    }

    pub(crate) fn accept_of(&mut self, key: &Key, name: &str, why: &str, change: impl FnOnce(&mut Scenario<'_>)) {
        self.push(key, name, why, "ok", &[], change);
    }

    pub(crate) fn reject_of(
        &mut self,
        key: &Key,
        code: &str,
        name: &str,
        why: &str,
        change: impl FnOnce(&mut Scenario<'_>),
    ) {
        self.push(key, name, why, code, &[], change);
    }

    pub(crate) fn accept_rsa(&mut self, name: &str, why: &str, change: impl FnOnce(&mut Scenario<'_>)) {
        let keys = self.keys;
        self.push(&keys.rsa, name, why, "ok", &[], change);
    }

    pub(crate) fn reject(&mut self, code: &str, name: &str, why: &str, change: impl FnOnce(&mut Scenario<'_>)) {
        let keys = self.keys;
        self.push(&keys.ecc, name, why, code, &[], change);
    }

    pub(crate) fn reject_rsa(&mut self, code: &str, name: &str, why: &str, change: impl FnOnce(&mut Scenario<'_>)) {
        let keys = self.keys;
        self.push(&keys.rsa, name, why, code, &[], change);
    }
}
