//! The receipt of an answer, made while it is sealed.

use std::sync::Arc;

use aws_lc_rs::digest::Context;

use super::key::ReceiptKey;
use super::request::ReceiptRequest;
use super::{finished, salted};
use crate::base64url;

/// Hashes one answer from its first byte to the end of its content.
pub struct AnswerReceipt {
    receipt_request: Arc<ReceiptRequest>,
    key: Arc<ReceiptKey>,
    model_digest: Option<[u8; 32]>,
    response: Box<Context>,
}

impl AnswerReceipt {
    /// None for an answer to a request that asked for no receipt.
    #[must_use]
    pub fn start(
        receipt_request: Arc<ReceiptRequest>,
        key: Arc<ReceiptKey>,
        model_digest: Option<[u8; 32]>,
    ) -> Option<Self> {
        let response = Box::new(salted(receipt_request.salt()?));
        Some(Self { receipt_request, key, model_digest, response })
    }

    /// Adds bytes of the answer.
    pub fn update(&mut self, bytes: &[u8]) {
        self.response.update(bytes);
    }

    /// The value of the field, `signature || modelDigest` in base64url; None where the request was not read to its end.
    #[must_use]
    pub fn finish(self) -> Option<String> {
        let model_digest = self.model_digest.as_ref().map_or(&[][..], |digest| digest);
        let signature = self.key.sign(self.receipt_request.digest()?, &finished(*self.response), model_digest).ok()?;
        Some(base64url::encode(&[&signature, model_digest].concat()))
    }
}
