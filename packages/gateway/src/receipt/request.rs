//! The hash of a request, made while it is decapsulated.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::Context;
use blindllama_verifier::Code;
use http::HeaderMap;

use super::{RECEIPT_FIELD, Salt, finished, salted};
use crate::base64url;
use crate::failure::Failure;

static ZEROS: [u8; 1024] = [0; 1024];

/// What is known of a request so far, for whoever answers it.
#[derive(Default)]
pub struct ReceiptRequest {
    salt: OnceLock<Salt>,
    digest: OnceLock<[u8; 32]>,
}

impl ReceiptRequest {
    /// The salt, once a head asked for a receipt with one.
    #[must_use]
    pub fn salt(&self) -> Option<&Salt> {
        self.salt.get()
    }

    /// `H(salt || request)`, once the request was read to its end.
    #[must_use]
    pub fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.get()
    }
}

/// Hashes the bytes of one request, without the zeros at its end.
pub struct RequestHash {
    receipt_request: Arc<ReceiptRequest>,
    state: State,
}

enum State {
    /// The head, which may name a salt, is not complete: its bytes wait.
    Waiting(Vec<u8>),
    Hashing {
        context: Box<Context>,
        /// How many zeros came last.
        zeros: u64,
    },
    /// Nobody wants it, or it is complete.
    Over,
}

impl Default for RequestHash {
    fn default() -> Self {
        Self { receipt_request: Arc::default(), state: State::Waiting(Vec::new()) }
    }
}

impl RequestHash {
    /// What others may look at.
    #[must_use]
    pub fn receipt_request(&self) -> Arc<ReceiptRequest> {
        Arc::clone(&self.receipt_request)
    }

    /// Whether a receipt was asked for and the request has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Hashing { .. })
    }

    /// Adds decapsulated bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Waiting(head) => head.extend_from_slice(bytes),
            State::Hashing { context, zeros } => hash(context, zeros, bytes),
            State::Over => {}
        }
    }

    /// Reads from the head whether a receipt is wanted.
    ///
    /// # Errors
    /// `receipt.salt` for a field of another form than 32 bytes of base64url, or two of them.
    pub fn decide(&mut self, fields: &HeaderMap) -> Result<(), Failure> {
        let State::Waiting(head) = std::mem::replace(&mut self.state, State::Over) else { return Ok(()) };
        let mut values = fields.get_all(RECEIPT_FIELD).iter();
        let Some(value) = values.next() else { return Ok(()) };
        let salt = base64url::decode_32(value.as_bytes()).filter(|_| values.next().is_none());
        let salt = salt.ok_or(Failure::new(Code::RECEIPT_SALT))?;
        self.state =
            State::Hashing { context: Box::new(salted(self.receipt_request.salt.get_or_init(|| salt))), zeros: 0 };
        self.update(&head);
        Ok(())
    }

    /// Gives up: what was read is no whole request.
    pub fn abandon(&mut self) {
        self.state = State::Over;
    }

    /// Ends the request.
    pub fn finish(&mut self) {
        if let State::Hashing { context, .. } = std::mem::replace(&mut self.state, State::Over) {
            self.receipt_request.digest.get_or_init(|| finished(*context));
        }
    }
}

/// Hashes the zeros that turned out not to be the last bytes, and `bytes` without those that may be.
fn hash(context: &mut Context, zeros: &mut u64, bytes: &[u8]) {
    let kept = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let (kept, rest) = bytes.split_at(kept);
    if !kept.is_empty() {
        while *zeros > 0 {
            let some = usize::try_from(*zeros).unwrap_or(usize::MAX).min(ZEROS.len());
            context.update(ZEROS.get(..some).unwrap_or_default());
            *zeros = zeros.saturating_sub(some as u64);
        }
        context.update(kept);
    }
    *zeros = zeros.saturating_add(rest.len() as u64);
}
