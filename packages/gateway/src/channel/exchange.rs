//! One request under way: its place among the streams, and the numbers that the log gets when it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use tokio::sync::OwnedSemaphorePermit;

use crate::log::{Level, Log};

/// Lives as long as the answer does. Dropping it frees the place and writes the line `request`.
pub(super) struct Exchange {
    log: Log,
    opened: bool,
    status: Option<StatusCode>,
    complete: bool,
    sent: u64,
    /// Bytes of the outer body so far.
    pub(super) received: Arc<AtomicU64>,
    _stream: OwnedSemaphorePermit,
}

impl Exchange {
    pub(super) fn new(log: Log, stream: OwnedSemaphorePermit) -> Self {
        Self {
            log,
            opened: false,
            status: None,
            complete: false,
            sent: 0,
            received: Arc::new(AtomicU64::new(0)),
            _stream: stream,
        }
    }

    pub(super) const fn opened(&mut self) {
        self.opened = true;
    }

    pub(super) const fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(super) const fn sent(&mut self, bytes: u64) {
        self.sent = self.sent.saturating_add(bytes);
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) const fn completed(&mut self) {
        self.complete = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.opened {
            return;
        }
        let class = match self.status.map(|status| status.as_u16() / 100) {
            Some(2) => "2xx",
            Some(4) => "4xx",
            Some(5) => "5xx",
            Some(_) => "other",
            None => "none",
        };
        let event = if self.complete { "request" } else { "request.aborted" };
        let received = self.received.load(Ordering::Relaxed);
        self.log.event(
            Level::Info,
            event,
            &[("status", class.into()), ("received", received.into()), ("sent", self.sent.into())],
        );
    }
}
