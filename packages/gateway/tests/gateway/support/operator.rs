//! Whoever operates a gateway: signs requests, and makes documents, signed by nobody that a client knows.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_gateway::base64url::{decode_32, encode};
use blindllama_gateway::digest::sha256;
use blindllama_gateway::hex::hex;
use blindllama_gateway::operation::FIELD;
use blindllama_verifier::evidence::bundle::{ReleaseEvidence, Signed};
use blindllama_verifier::evidence::operation;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;

use super::Gateway;
use super::http::{Reply, Version, get, send};
use super::program::AUDIENCE;

pub const PATH: &str = "/blindllama/v1/operate";

pub struct Operator(Ed25519KeyPair);

impl Operator {
    pub fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    /// As the setting `operator.keys` names it.
    pub fn key(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The field of a request, over `challenge` and this content.
    pub fn field(&self, challenge: &[u8; 32], content: &[u8]) -> String {
        let digest = sha256(content);
        let signature = self.0.sign(&operation::message(challenge, &digest));
        encode(&[&challenge[..], self.0.public_key().as_ref(), &digest, signature.as_ref()].concat())
    }

    /// Asks with a fresh challenge, for the service of the gateway where `documents` name none.
    pub async fn push(&self, gateway: &Gateway, documents: &Value) -> Reply {
        let mut documents = documents.clone();
        documents.as_object_mut().unwrap().entry("audience").or_insert(AUDIENCE.into());
        let content = documents.to_string();
        let field = self.field(&challenge(gateway).await, content.as_bytes());
        post(gateway, &field, content).await
    }
}

pub async fn challenge(gateway: &Gateway) -> [u8; 32] {
    let reply = get(&gateway.address, PATH).await;
    assert_eq!((reply.status.as_u16(), &reply.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    decode_32(reply.json()["challenge"].as_str().unwrap().as_bytes()).unwrap()
}

pub async fn post(gateway: &Gateway, field: &str, content: impl Into<Bytes>) -> Reply {
    let request = Request::post(format!("http://{}{PATH}", gateway.address)).header("host", &gateway.address);
    let request = request.header(FIELD, field).body(Full::new(content.into())).unwrap();
    Reply::read(send(&gateway.address, Version::Http1, request).await.unwrap()).await
}

/// A document as it travels.
fn signed(payload: &str) -> Signed<'_> {
    Signed { payload: payload.as_bytes(), signatures: vec![&[9; 96]], log_proof: None }
}

/// A status of this date, with the name of whoever reads it.
pub fn status(date: u64) -> Vec<u8> {
    signed(&format!("{{\"date\":{date}}}")).encode()
}

/// Release evidence of this version.
pub fn release(version: u64) -> Vec<u8> {
    let payload = format!("{{\"version\":{version}}}");
    ReleaseEvidence { manifest: signed(&payload), key_sets: vec![] }.encode()
}
