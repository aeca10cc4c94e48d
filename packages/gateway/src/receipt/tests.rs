//! Hashes and signatures against independent ones: SHA-256 of the whole at once, Ed25519 of another library.
use std::sync::Arc;

use blindllama_verifier::Code;
use ed25519_dalek::{Signature, VerifyingKey};
use http::{HeaderMap, HeaderValue};

use super::answer::AnswerReceipt;
use super::key::ReceiptKey;
use super::request::{ReceiptRequest, RequestHash};
use super::*;
use crate::base64url;
use crate::digest::sha256;

const SALT: Salt = [7; 32];
const EPOCH: [u8; 16] = [9; 16];

fn asking(values: &[&str]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for value in values {
        fields.append(RECEIPT_FIELD, HeaderValue::from_str(value).unwrap());
    }
    fields
}

/// The request of `chunks`, whose head is complete after the first `head` of them.
fn read(chunks: &[&[u8]], head: usize) -> Arc<ReceiptRequest> {
    let mut hash = RequestHash::default();
    for (index, chunk) in chunks.iter().enumerate() {
        hash.update(chunk);
        if index + 1 == head {
            hash.decide(&asking(&[&base64url::encode(&SALT)])).unwrap();
        }
    }
    hash.finish();
    hash.receipt_request()
}

fn message(request: &[u8; 32], response: &[u8; 32], model: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 5] = [b"blindllama/receipt/v1", request, response, model, &EPOCH];
    parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat()).collect()
}

#[test]
fn a_request_is_hashed_with_its_salt_and_without_the_zeros_at_its_end() {
    let request = [&b"\x02head\0"[..], &[0; 3000], b"content", &[0; 2000], b"\x01", &[0; 5000]].concat();
    let expected = sha256(&[&SALT[..], &request[..request.len() - 5000]].concat());
    for size in [1, 7, 1000, 20_000] {
        let chunks: Vec<&[u8]> = request.chunks(size).collect();
        for head in [1, chunks.len().min(3), chunks.len()] {
            assert_eq!(read(&chunks, head).digest(), Some(&expected), "chunks of {size}, head in {head}");
        }
    }
    let nothing = read(&[&[0; 100]], 1);
    assert_eq!(nothing.digest(), Some(&sha256(&SALT)));
}

#[test]
fn nothing_is_hashed_where_nobody_asks() {
    let mut hash = RequestHash::default();
    hash.update(b"head");
    hash.decide(&HeaderMap::new()).unwrap();
    assert!(!hash.is_open());
    hash.update(b"content");
    hash.finish();
    assert_eq!((hash.receipt_request().salt(), hash.receipt_request().digest()), (None, None));
}

#[test]
fn a_salt_has_one_form() {
    let good = base64url::encode(&SALT);
    let spare = format!("{}9", &good[..42]);
    for values in [
        &[""][..],
        &["AAAA"],
        &[&good[1..]],
        &[&format!("{good}=")],
        &[&format!("{good}A")],
        &[&good.replace('B', "+")],
        &[&spare],
        &[&format!("\"{good}\"")],
        &[&good, &good],
    ] {
        let mut hash = RequestHash::default();
        assert_eq!(hash.decide(&asking(values)).unwrap_err().code, Code::RECEIPT_SALT, "{values:?}");
        hash.finish();
        assert_eq!(hash.receipt_request().salt(), None);
    }
}

#[test]
fn what_is_no_whole_request_has_no_hash() {
    let mut hash = RequestHash::default();
    hash.decide(&asking(&[&base64url::encode(&SALT)])).unwrap();
    assert!(hash.is_open());
    hash.abandon();
    hash.finish();
    assert!(hash.receipt_request().salt().is_some() && hash.receipt_request().digest().is_none());
}

#[test]
fn a_receipt_signs_both_hashes_the_model_and_the_epoch() {
    let key = Arc::new(ReceiptKey::generate(EPOCH).unwrap());
    let public = VerifyingKey::from_bytes(key.public()).unwrap();
    for model in [None, Some([3; 32])] {
        let receipt_request = read(&[b"request"], 1);
        let mut receipt = AnswerReceipt::start(receipt_request, Arc::clone(&key), model).unwrap();
        receipt.update(b"res");
        receipt.update(b"ponse\0");
        let text = receipt.finish().unwrap();
        let model = model.map_or(vec![], |digest| digest.to_vec());
        let signature = unbase64url(&text);
        assert_eq!(signature[64..], model[..]);
        let signature = Signature::from_slice(&signature[..64]).unwrap();
        let digest = |text: &[u8]| sha256(&[&SALT, text].concat());
        let signed = message(&digest(b"request"), &digest(b"response\0"), &model);
        public.verify_strict(&signed, &signature).unwrap();
        let other = message(&digest(b"request"), &digest(b"response"), &model);
        assert!(public.verify_strict(&other, &signature).is_err());
    }
}

fn unbase64url(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // 64 and 96 bytes both end in a group of their own; what is encoded again must be the text.
    let digits: Vec<u32> = text
        .bytes()
        .map(|c| "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".find(char::from(c)).unwrap() as u32)
        .collect();
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    assert_eq!(base64url::encode(&bytes), text);
    bytes
}

#[test]
fn without_a_salt_or_an_end_of_the_request_there_is_no_receipt() {
    let key = Arc::new(ReceiptKey::generate(EPOCH).unwrap());
    assert!(AnswerReceipt::start(Arc::default(), Arc::clone(&key), None).is_none());
    let mut hash = RequestHash::default();
    hash.decide(&asking(&[&base64url::encode(&SALT)])).unwrap();
    assert_eq!(AnswerReceipt::start(hash.receipt_request(), key, None).unwrap().finish(), None);
}

#[test]
fn every_epoch_has_a_key_of_its_own() {
    let publics = [0, 1].map(|_| *ReceiptKey::generate(EPOCH).unwrap().public());
    assert_ne!(publics[0], publics[1]);
}
