//! The tokens of one request while its answer passes (PROTOCOL.md §11.2): an estimate at first, and what the server says as soon as it does.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::access::Charge;
use super::request_body::Progress;
use crate::upstream::usage::{BYTES, TokenMeter};

/// Counts into the limits of an API key.
pub(super) struct TokenCount {
    charge: Charge,
    /// How much of the request was read.
    progress: Arc<Progress>,
    /// None before the answer.
    meter: Option<TokenMeter>,
    counted: u64,
}

impl TokenCount {
    /// Counts the request, as far as it is there.
    pub(super) fn begin(charge: Charge, progress: Arc<Progress>) -> Self {
        let mut count = Self { charge, progress, meter: None, counted: 0 };
        count.update();
        count
    }

    /// The upstream answers; a refusal costs nothing.
    pub(super) fn answered(&mut self, status: StatusCode, fields: &HeaderMap) {
        if status.as_u16() >= 400 {
            self.set(0);
        } else {
            self.meter = Some(TokenMeter::of(fields));
        }
    }

    /// The request was not run.
    pub(super) fn withdraw(mut self) {
        self.set(0);
    }

    /// The next bytes of the answer.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(meter) = &mut self.meter {
            meter.push(bytes);
            self.update();
        }
    }

    fn update(&mut self) {
        let request = self.progress.bytes().div_ceil(BYTES);
        let tokens = match &self.meter {
            Some(meter) => meter.stated().unwrap_or_else(|| request.saturating_add(meter.estimated())),
            None => request,
        };
        self.set(tokens);
    }

    fn set(&mut self, tokens: u64) {
        if tokens != self.counted {
            self.counted = tokens;
            self.charge.set(tokens, Instant::now());
        }
    }
}
