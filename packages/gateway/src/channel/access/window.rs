//! What was used within a minute, and how much of it may be.

use std::time::Duration;

use blindllama_verifier::Code;
use tokio::time::Instant;

use crate::failure::Failure;

/// Length of a window, of every limit that is not on what is open at once.
pub(super) const SECONDS: u64 = 60;

/// Requests or tokens since the window began.
pub(super) struct Window {
    limit: Option<u64>,
    began: Option<Instant>,
    used: u64,
}

/// What one request added to a window.
#[derive(Default)]
pub(super) struct Added {
    /// Of the window.
    began: Option<Instant>,
    amount: u64,
}

impl Window {
    pub(super) const fn new(limit: Option<u64>) -> Self {
        Self { limit, began: None, used: 0 }
    }

    /// Whether one more is within the limit.
    ///
    /// # Errors
    /// `access.limit` with the name of the `setting`, and when there is room again.
    pub(super) fn check(&mut self, setting: &'static str, now: Instant) -> Result<(), Failure> {
        self.begin_anew(now);
        match self.limit {
            Some(limit) if self.used >= limit => Err(reached(setting).after(self.wait(limit, now))),
            _ => Ok(()),
        }
    }

    const fn add(&mut self, amount: u64) {
        self.used = self.used.saturating_add(amount);
    }

    /// Counts `to` for a request for which `from` was counted. What it `added` to an earlier window stays there.
    pub(super) fn correct(&mut self, from: u64, to: u64, added: &mut Added, now: Instant) {
        self.begin_anew(now);
        if added.began != self.began {
            *added = Added { began: self.began, amount: 0 };
        }
        if let Some(more) = to.checked_sub(from) {
            self.add(more);
            added.amount = added.amount.saturating_add(more);
        } else {
            let less = from.saturating_sub(to).min(added.amount);
            self.used = self.used.saturating_sub(less);
            added.amount = added.amount.saturating_sub(less);
        }
    }

    /// Begins another window where the last one is over. What exceeded the limit is owed by the windows behind it.
    fn begin_anew(&mut self, now: Instant) {
        let Some(began) = self.began else {
            self.began = Some(now);
            return;
        };
        let windows = now.saturating_duration_since(began).as_secs() / SECONDS;
        if windows > 0 {
            let covered = self.limit.unwrap_or(u64::MAX).saturating_mul(windows);
            self.used = self.used.saturating_sub(covered);
            let ended = Duration::from_secs(SECONDS.saturating_mul(windows));
            // What is owed is due when it was said to be; else the window begins with this request.
            self.began = if self.used > 0 { began.checked_add(ended) } else { Some(now) };
        }
    }

    /// Seconds until there is room.
    fn wait(&self, limit: u64, now: Instant) -> u64 {
        let windows = self.used.checked_div(limit).unwrap_or(1).max(1);
        let passed = self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        let all = Duration::from_secs(SECONDS.saturating_mul(windows));
        all.saturating_sub(passed).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
    }
}

/// A limit is reached.
pub(super) fn reached(limit: &'static str) -> Failure {
    Failure::new(Code::ACCESS_LIMIT).telling(format!("The limit is {limit}."))
}
