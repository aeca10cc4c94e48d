//! Conversations that the gateway signed, and others.

use blindllama_verifier::evidence::receipt;
use ed25519_dalek::{Signer, SigningKey};

use crate::{
    releases::{self, Released},
    scenario::{Cases, Exchange, NOW_MS, Scenario},
    tpm::{SHA256, hash},
};

const SALT: [u8; 32] = [0x5a; 32];
const EPOCH: [u8; 16] = [0x11; 16];
const REQUEST: &[u8] = b"what was asked";
const RESPONSE: &[u8] = b"what was answered";

fn salted(text: &[u8]) -> [u8; 32] {
    hash(SHA256, &[&SALT, text]).try_into().unwrap()
}

fn signed(key: &SigningKey, request: &[u8], response: &[u8], model_digest: &[u8], epoch_id: &[u8; 16]) -> Vec<u8> {
    key.sign(&receipt::message(&salted(request), &salted(response), model_digest, epoch_id)).to_bytes().into()
}

/// The claims name the key `receipt`, and the exchange is the one that it signed.
pub(super) fn conversation<'a>(s: &'a mut Scenario<'_>) -> &'a mut Exchange {
    let key = releases::key("receipt");
    s.claims.insert(9, key.verifying_key().to_bytes().into());
    s.exchange.insert(Exchange {
        salt: Some(SALT.into()),
        request: REQUEST.into(),
        response: RESPONSE.into(),
        model_digest: vec![],
        signature: signed(&key, REQUEST, RESPONSE, &[], &EPOCH),
    })
}

/// The same with the digest of a model.
pub(super) fn with_model(s: &mut Scenario<'_>, digest: [u8; 32]) {
    let exchange = conversation(s);
    exchange.model_digest = digest.into();
    exchange.signature = signed(&releases::key("receipt"), REQUEST, RESPONSE, &digest, &EPOCH);
}

/// The gateway's clock shows another time than the holder of the file states.
fn at(s: &mut Scenario<'_>, server_time_ms: u64) {
    conversation(s);
    s.claims.insert(6, server_time_ms.into());
}

fn times(cases: &mut Cases<'_>) {
    cases.accept("ok-record", "a verification record: evidence alone", |s| s.is_record = true);
    cases.accept("ok-receipt-clock-ahead", "a gateway whose clock is five minutes ahead", |s| at(s, NOW_MS + 300_000));
    cases.accept("ok-receipt-clock-behind", "five minutes behind", |s| at(s, NOW_MS - 300_000));
    let mut refused = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("claims.server_time", name, why, change);
    };
    refused("receipt-clock-ahead", "more than five minutes ahead", |s| at(s, NOW_MS + 300_001));
    refused("receipt-clock-behind", "more than five minutes behind", |s| at(s, NOW_MS - 300_001));
    refused("record-clock", "a record whose holder states another time than the gateway", |s| {
        at(s, NOW_MS - 300_001);
        (s.exchange, s.is_record) = (None, true);
    });
}

fn models(cases: &mut Cases<'_>) {
    cases.accept("ok-receipt-model", "with the digest of the model", |s| with_model(s, [0x77; 32]));
    cases.accept("ok-receipt-model-released", "the model that the manifest of the release names", |s| {
        with_model(s, [0x3c; 32]);
        Released::new().release(s);
    });
    cases.accept("ok-receipt-model-untold", "a gateway that was told no model, under a manifest that names one", |s| {
        conversation(s);
        Released::new().release(s);
    });
    cases.accept("ok-receipt-model-unreleased", "a manifest that names no model", |s| {
        with_model(s, [0x77; 32]);
        let mut released = Released::new();
        released.manifest.json.as_object_mut().unwrap().remove("modelDigest");
        released.release(s);
    });
    cases.reject("receipt.model", "receipt-model-other", "another model than the manifest of the release names", |s| {
        with_model(s, [0x77; 32]);
        Released::new().release(s);
    });
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    times(cases);
    models(cases);
    cases.accept("ok-receipt", "request and answer, signed by the key of the claims", |s| {
        conversation(s);
    });
    cases.accept("ok-receipt-digests", "the salted digests of both in place of the texts", |s| {
        let exchange = conversation(s);
        (exchange.salt, exchange.request, exchange.response) = (None, salted(REQUEST).into(), salted(RESPONSE).into());
    });
    cases.reject("receipt.no_key", "receipt-no-key", "the claims name no key that signs receipts", |s| {
        conversation(s);
        s.claims.remove(&9);
    });
    forged(cases, "splice", "the answer of another conversation", |exchange| {
        exchange.response = b"what was answered to another question".into();
    });
    forged(cases, "request", "another question before the same answer", |exchange| {
        exchange.request = b"what was never asked".into();
    });
    forged(cases, "epoch", "signed in another key epoch", |exchange| {
        exchange.signature = signed(&releases::key("receipt"), REQUEST, RESPONSE, &[], &[0x12; 16]);
    });
    forged(cases, "key", "signed by the key of another gateway", |exchange| {
        exchange.signature = signed(&releases::key("other receipt"), REQUEST, RESPONSE, &[], &EPOCH);
    });
    forged(cases, "salt-removed", "the texts without their salt", |exchange| exchange.salt = None);
    forged(cases, "salt-other", "another salt", |exchange| exchange.salt = Some(vec![0x5b; 32]));
    forged(cases, "model-added", "a digest of a model that was not signed", |exchange| {
        exchange.model_digest = vec![0x77; 32];
    });
    forged(cases, "model-short", "a digest of a model with 31 bytes", |exchange| {
        exchange.model_digest = vec![0x77; 31];
        exchange.signature = signed(&releases::key("receipt"), REQUEST, RESPONSE, &[0x77; 31], &EPOCH);
    });
    forged(cases, "swapped", "request and answer in each other's place", |exchange| {
        core::mem::swap(&mut exchange.request, &mut exchange.response);
    });
    forged(cases, "signature-short", "a signature of 63 bytes", |exchange| {
        exchange.signature.pop();
    });
    forged(cases, "signature-long", "a signature of 65 bytes", |exchange| exchange.signature.push(0));
    cases.reject(
        "receipt.signature",
        "receipt-weak-key",
        "a key of small order, under which one signature fits every message",
        |s| {
            conversation(s).signature = [[1, 0].as_slice(), &[0; 62]].concat();
            s.claims.insert(9, [[1, 0].as_slice(), &[0; 30]].concat().as_slice().into());
        },
    );
}

fn forged(cases: &mut Cases<'_>, name: &str, why: &str, forge: impl Fn(&mut Exchange)) {
    cases.reject("receipt.signature", &format!("receipt-{name}"), why, |s| forge(conversation(s)));
}
