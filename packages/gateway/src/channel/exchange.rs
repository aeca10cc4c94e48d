//! One request under way: its place among those that arrive, then among those that run, and the numbers that the log gets when it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blindllama_verifier::Code;
use http::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::{Charge, StreamPlace};
use super::request_body::Progress;
use super::servers::UpstreamPlace;
use super::token_count::TokenCount;
use crate::budget::Place;
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::phase::End;

/// What an exchange holds of the gateway's limits.
enum Reservation {
    /// A place that a newcomer may take: the request arrives, or its refusal leaves.
    Evictable { _place: Place },
    /// A stream, which the exchange keeps to its end: the request runs.
    Stream { _permit: OwnedSemaphorePermit, upstream: UpstreamPlace },
}

/// Lives as long as the answer does. Dropping it frees the place and writes the line `request`.
pub(super) struct Exchange {
    log: Log,
    opened: bool,
    status: Option<StatusCode>,
    complete: bool,
    sent: u64,
    /// Bytes of the outer body so far.
    pub(super) received: Arc<AtomicU64>,
    reservation: Reservation,
    /// Places among the open answers of its API key.
    stream_places: Vec<OwnedSemaphorePermit>,
    /// Where its API key is limited in tokens: before it runs, and from then on.
    charge: Option<Box<Charge>>,
    /// Apart: most streams have none, and each would keep its room.
    tokens: Option<Box<TokenCount>>,
    ended_by: EndedBy,
    /// When the gateway ends, whatever the answer.
    pub(super) end: End,
}

/// Who ended an answer before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndedBy {
    /// The client, or the way to it: what is not known otherwise.
    Client,
    /// The upstream.
    Upstream,
    /// The gateway's own end.
    Drained,
}

impl Exchange {
    pub(super) fn new(log: Log, place: Place, end: End) -> Self {
        Self {
            log,
            opened: false,
            status: None,
            complete: false,
            sent: 0,
            received: Arc::new(AtomicU64::new(0)),
            reservation: Reservation::Evictable { _place: place },
            stream_places: Vec::new(),
            charge: None,
            tokens: None,
            ended_by: EndedBy::Client,
            end,
        }
    }

    /// Takes one of `streams` for a request that is about to run on its place at the `upstream`, and gives back its place among those that
    /// arrive.
    ///
    /// # Errors
    /// `channel.busy` when as many run as may.
    pub(super) fn run(&mut self, streams: &Arc<Semaphore>, upstream: UpstreamPlace) -> Result<(), Failure> {
        let permit = Arc::clone(streams).try_acquire_owned().map_err(|_| Failure::new(Code::CHANNEL_BUSY))?;
        self.reservation = Reservation::Stream { _permit: permit, upstream };
        Ok(())
    }

    /// Runs the request at another server.
    pub(super) fn move_upstream(&mut self, to: UpstreamPlace) {
        if let Reservation::Stream { upstream, .. } = &mut self.reservation {
            *upstream = to;
        }
    }

    /// Keeps the place among the open answers of its API key, to its end, and what its tokens are counted into.
    pub(super) fn hold(&mut self, (place, charge): (StreamPlace, Option<Charge>)) {
        self.stream_places.extend(place);
        self.charge = charge.map(Box::new);
    }

    /// Counts tokens from here on: the request is about to run, and `progress` says how much of it there is.
    pub(super) fn count_tokens(&mut self, progress: &Arc<Progress>) {
        self.tokens = self.charge.take().map(|charge| Box::new(TokenCount::begin(*charge, Arc::clone(progress))));
    }

    /// The request was not run, and costs nothing.
    pub(super) fn uncount_tokens(&mut self) {
        if let Some(tokens) = self.tokens.take() {
            tokens.withdraw();
        }
    }

    /// Content of the upstream passes.
    pub(super) fn read(&mut self, content: &[u8]) {
        if let Some(tokens) = &mut self.tokens {
            tokens.push(content);
        }
    }

    /// Gives back what the exchange holds for `place`.
    pub(super) fn move_to(&mut self, place: Place) {
        self.reservation = Reservation::Evictable { _place: place };
    }

    pub(super) const fn opened(&mut self) {
        self.opened = true;
    }

    pub(super) const fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The upstream answered with this head, without the codings of its content.
    pub(super) fn answered_by_upstream(&mut self, status: StatusCode, fields: &HeaderMap) {
        self.answered(status);
        if let Some(tokens) = &mut self.tokens {
            tokens.answered(status, fields);
        }
    }

    /// Tells why there will be no whole answer.
    pub(super) const fn aborted(&mut self, by: EndedBy) {
        self.ended_by = by;
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
        let received = self.received.load(Ordering::Relaxed);
        let mut fields = vec![("status", class.into()), ("received", received.into()), ("sent", self.sent.into())];
        if self.complete {
            return self.log.event(Level::Info, "request", &fields);
        }
        let (level, by) = match self.ended_by {
            EndedBy::Client => (Level::Info, "client"),
            EndedBy::Upstream => (Level::Warn, "upstream"),
            EndedBy::Drained => (Level::Warn, "drained"),
        };
        fields.push(("by", by.into()));
        self.log.event(level, "request.aborted", &fields);
    }
}
