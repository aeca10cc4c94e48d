//! Reads `spec/vectors/bundles`.
#![allow(dead_code, reason = "each test uses a part")]

use std::{fs, path::Path};

use blindllama_verifier::{CurrentStatus, Exchange, Input, Receipt, Suite};
use serde_json::Value as Json;

#[derive(Clone)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) ids: Vec<String>,
    pub(crate) twin: Option<String>,
    pub(crate) evidence: Vec<u8>,
    pub(crate) static_part: Option<Vec<u8>>,
    pub(crate) policy: String,
    pub(crate) audience: String,
    pub(crate) nonce: [u8; 32],
    pub(crate) now_ms: u64,
    pub(crate) allow_simulated: bool,
    pub(crate) versions: Vec<u64>,
    pub(crate) suites: Vec<Suite>,
    pub(crate) state: Option<Vec<u8>>,
    /// The vector before it in a sequence.
    pub(crate) after: Option<String>,
    pub(crate) next_state: Option<Vec<u8>>,
    pub(crate) receipt: Option<Kept>,
}

/// What the file of a receipt brings, and what the one who verifies it knows besides.
#[derive(Clone)]
pub(crate) struct Kept {
    exchange: Option<Signed>,
    status: Option<(Vec<u8>, u64)>,
}

impl Kept {
    fn read(json: &Json) -> Self {
        let status = &json["status"];
        let read = |documents: &str| (unhex(documents), status["nowMs"].as_u64().unwrap());
        Self {
            exchange: json["exchange"].is_object().then(|| Signed::read(&json["exchange"])),
            status: status["documents"].as_str().map(read),
        }
    }

    fn receipt(&self) -> Receipt<'_> {
        Receipt {
            exchange: self.exchange.as_ref().map(Signed::exchange),
            status: self.status.as_ref().map(|(documents, now_ms)| CurrentStatus { documents, now_ms: *now_ms }),
        }
    }
}

/// What a receipt says was signed.
#[derive(Clone)]
pub(crate) struct Signed {
    salt: Option<[u8; 32]>,
    request: Vec<u8>,
    response: Vec<u8>,
    model_digest: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn read(json: &Json) -> Self {
        let bytes = |member: &str| unhex(json[member].as_str().unwrap());
        Self {
            salt: json["salt"].as_str().map(|salt| unhex(salt).try_into().unwrap()),
            request: bytes("request"),
            response: bytes("response"),
            model_digest: bytes("modelDigest"),
            signature: bytes("signature"),
        }
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange {
            salt: self.salt.as_ref(),
            request: &self.request,
            response: &self.response,
            model_digest: &self.model_digest,
            signature: &self.signature,
        }
    }
}

impl Vector {
    pub(crate) fn input(&self) -> Input<'_> {
        Input {
            evidence: &self.evidence,
            static_part: self.static_part.as_deref(),
            policy: self.policy.as_bytes(),
            audience: &self.audience,
            nonce: &self.nonce,
            now_ms: self.now_ms,
            allow_simulated: self.allow_simulated,
            versions: &self.versions,
            suites: &self.suites,
            state: self.state.as_deref(),
            receipt: self.receipt.as_ref().map(Kept::receipt),
        }
    }

    fn read(path: &Path) -> Self {
        let json: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let text = |member: &str| json[member].as_str().unwrap().to_owned();
        let texts = |member: &str| {
            json[member].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let suite = |ids: &Json| {
            let id = |i: usize| ids[i].as_u64().unwrap().try_into().unwrap();
            Suite { kem_id: id(0), kdf_id: id(1), aead_id: id(2) }
        };
        Self {
            name: text("name"),
            code: text("code"),
            warnings: texts("warnings"),
            ids: texts("ids"),
            twin: json["twin"].as_str().map(str::to_owned),
            evidence: unhex(&text("evidence")),
            static_part: json["static"].as_str().map(unhex),
            policy: text("policy"),
            audience: text("audience"),
            nonce: unhex(&text("nonce")).try_into().unwrap(),
            now_ms: json["nowMs"].as_u64().unwrap(),
            allow_simulated: json["allowSimulated"].as_bool().unwrap(),
            versions: json["versions"].as_array().unwrap().iter().map(|version| version.as_u64().unwrap()).collect(),
            suites: json["suites"].as_array().unwrap().iter().map(suite).collect(),
            state: json["state"].as_str().map(unhex),
            after: json["after"].as_str().map(str::to_owned),
            next_state: json["nextState"].as_str().map(unhex),
            receipt: json["receipt"].is_object().then(|| Kept::read(&json["receipt"])),
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/bundles"))
}

pub(crate) fn named(name: &str) -> Vector {
    Vector::read(&folder().join(name).with_extension("json"))
}

pub(crate) fn all() -> impl Iterator<Item = Vector> {
    let mut paths: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(paths.len() > 300, "the vectors are missing");
    paths.sort();
    paths.into_iter().map(|path| Vector::read(&path))
}
