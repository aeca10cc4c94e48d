//! Reads and verifies receipts with nothing of the gateway: PROTOCOL.md §21 once more.

use aws_lc_rs::digest::{SHA256, digest};
use blindllama_gateway::varint::peek;
use ed25519_dalek::{Signature, VerifyingKey};

use super::client::{Attested, base64url};

/// A request that asked for a receipt, and its answer: the decapsulated bytes.
pub struct Exchange {
    pub salt: [u8; 32],
    pub request: Vec<u8>,
    pub response: Vec<u8>,
}

impl Exchange {
    /// The receipt that the answer ends with, which must be right; None where it has none.
    pub fn receipt(&self, attested: &Attested) -> Option<Receipt> {
        let (end, text) = self.read();
        let text = text?;
        let bytes = from_base64url(&text);
        let (signature, model_digest) = bytes.split_at(64);
        let receipt = Receipt { text, signature: signature.to_vec(), model_digest: model_digest.to_vec() };
        let (request, _) = self.signed();
        assert!(receipt.holds(attested, &self.salt, request, &self.response[..end]), "the receipt is wrong");
        Some(receipt)
    }

    /// What is signed of request and answer.
    pub fn signed(&self) -> (&[u8], &[u8]) {
        let zeros = self.request.iter().rev().take_while(|byte| **byte == 0).count();
        (&self.request[..self.request.len() - zeros], &self.response[..self.read().0])
    }

    /// Where the content ends, its terminator included, and the field behind it.
    fn read(&self) -> (usize, Option<String>) {
        let mut at = 0;
        let number = |at: &mut usize| {
            let (value, size) = peek(&self.response[*at..]).unwrap();
            *at += size;
            value as usize
        };
        let text = |at: &mut usize| {
            let length = number(at);
            *at += length;
            String::from_utf8_lossy(&self.response[*at - length..*at]).into_owned()
        };
        assert_eq!(number(&mut at), 3, "of indeterminate length");
        number(&mut at);
        while self.response[at] != 0 {
            text(&mut at);
            text(&mut at);
        }
        at += 1;
        while self.response[at] != 0 {
            let length = number(&mut at);
            at += length;
        }
        at += 1;
        let end = at;
        let mut receipt = None;
        while self.response[at] != 0 {
            let (name, value) = (text(&mut at), text(&mut at));
            assert!(name == "blindllama-receipt" && receipt.replace(value).is_none(), "{name}");
        }
        assert!(self.response[at..].iter().all(|byte| *byte == 0), "padding");
        (end, receipt)
    }
}

pub struct Receipt {
    pub text: String,
    pub signature: Vec<u8>,
    pub model_digest: Vec<u8>,
}

impl Receipt {
    /// Whether the signature is right for these bytes under the key of the claims.
    pub fn holds(&self, attested: &Attested, salt: &[u8; 32], request: &[u8], response: &[u8]) -> bool {
        let hash = |bytes: &[u8]| digest(&SHA256, &[salt, bytes].concat());
        let (request, response) = (hash(request), hash(response));
        let parts =
            [b"blindllama/receipt/v1", request.as_ref(), response.as_ref(), &self.model_digest, &attested.key.epoch_id];
        let message: Vec<u8> =
            parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat()).collect();
        let key = VerifyingKey::from_bytes(&attested.receipt_key).unwrap();
        key.verify_strict(&message, &Signature::from_slice(&self.signature).unwrap()).is_ok()
    }
}

fn from_base64url(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits: Vec<u32> = text.chars().map(|character| alphabet.find(character).unwrap() as u32).collect();
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    assert_eq!(base64url(&bytes), text, "one form");
    bytes
}
