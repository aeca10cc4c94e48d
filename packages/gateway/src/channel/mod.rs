//! The encrypted channel: one encapsulated request in, one encapsulated answer out (PROTOCOL.md §10, §11).
//!
//! A failure of the encapsulation is answered outside it; from the moment a chunk was opened, everything else is answered inside.

mod access;
mod admission;
mod answer;
mod exchange;
mod flow;
mod forward;
mod idempotency;
mod inner;
mod model_list;
mod model_server;
mod padding;
mod request_body;
mod response_sealer;
mod send_error;
mod servers;
mod token_count;
mod yield_to_ready;

use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

pub use answer::{Aborted, SealedAnswer};

use self::access::Access;
use self::admission::Admission;
use self::exchange::Exchange;
use self::inner::InnerRequest;
use self::response_sealer::ResponseSealer;
use self::servers::Servers;
use crate::attestation::epoch::Epochs;
use crate::budget::{Budget, PlaceLimits};
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::ohttp::{REQUEST_TYPE, RESPONSE_TYPE};
use crate::phase::{End, Phases};
use crate::receipt::answer::AnswerReceipt;

/// Answers encapsulated requests.
pub struct Channel {
    epochs: Arc<Epochs>,
    upstream: Arc<Servers>,
    admission: Admission,
    access: Option<Arc<Access>>,
    arriving: Arc<Budget>,
    streams: Arc<Semaphore>,
    config: Arc<Config>,
    phases: Phases,
    log: Log,
}

impl Channel {
    /// The channel to the keys of `epochs` and the upstream of `config`.
    pub fn new(config: Arc<Config>, epochs: Arc<Epochs>, clock: Arc<dyn Clock>, phases: Phases, log: Log) -> Self {
        Self {
            upstream: Arc::new(Servers::new(&config, &clock, &log)),
            access: config.access.as_ref().map(|access| Arc::new(Access::new(access, &clock, &log))),
            admission: Admission::new(&config, clock),
            arriving: Budget::new(arriving(config.limits.arriving)),
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            epochs,
            config,
            phases,
            log,
        }
    }

    /// Answers one request, which came on `connection`.
    ///
    /// # Errors
    /// What has to be said outside the encapsulation.
    pub async fn answer(&self, request: Request<Incoming>, connection: u64) -> Result<Response<SealedAnswer>, Failure> {
        let (parts, body) = request.into_parts();
        // Before anything is decrypted: who looks at the log sees that something came, whatever becomes of it.
        self.log.event(Level::Info, "channel.request", &[]);
        if parts.headers.get(CONTENT_TYPE).is_none_or(|value| value != REQUEST_TYPE) {
            return Err(self.refuse(Failure::new(Code::CHANNEL_MEDIA_TYPE)));
        }
        drop(parts);
        if body.size_hint().lower() > self.config.limits.request_bytes.saturating_mul(2) {
            return Err(self.refuse(Failure::new(Code::REQUEST_TOO_LARGE)));
        }
        if self.streams.available_permits() == 0 {
            return Err(self.refuse(Failure::new(Code::CHANNEL_BUSY)));
        }
        // What opens a request is short: it has a time in all, however its bytes come.
        let now = Instant::now();
        let open_by = now.checked_add(self.config.limits.header_timeout).unwrap_or(now);
        let (place, place_handle) = self.arriving.enter(connection, open_by);
        let mut exchange = Exchange::new(self.log.clone(), place, End::new(self.phases.clone()));
        let received = Arc::clone(&exchange.received);
        let mut inner = InnerRequest::new(body, Arc::clone(&self.epochs), &self.config.limits, received, place_handle);
        let opened = timeout_at(open_by, std::future::poll_fn(|context| inner.poll_open(context))).await;
        let Ok(opened) = opened else { return Err(self.refuse(Failure::new(Code::REQUEST_TIMEOUT))) };
        let (sealer, key) = match opened.and_then(|()| Ok((inner.sealer()?, inner.receipt_key()?))) {
            Ok(opened) => opened,
            Err(failure) => {
                inner.drain().await;
                return Err(self.refuse(failure));
            }
        };
        exchange.opened();
        let Config { limits, padding, upstream, .. } = &*self.config;
        let receipt_request = inner.receipt_request();
        let forwarded = self.forward(inner, &mut exchange, connection).await;
        let sealer = ResponseSealer::new(sealer, AnswerReceipt::start(receipt_request, key, upstream.model_digest));
        let answer = match forwarded {
            Ok(answer) => SealedAnswer::from_upstream(sealer, answer, limits.upstream_timeout, padding, exchange),
            Err(failure) if is_outer(failure.code) => return Err(self.refuse(failure)),
            Err(failure) => {
                self.refused(&failure);
                SealedAnswer::from_failure(sealer, &failure, self.admission.date(), exchange)
            }
        };
        let mut response = Response::new(answer);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(RESPONSE_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(HeaderName::from_static("incremental"), HeaderValue::from_static("?1"));
        Ok(response)
    }

    /// Proves upstreams that have to be proven, so that the log says early whether they can be. Requests that come before that wait for it.
    pub async fn prepare(&self) {
        self.upstream.prepare().await;
    }

    /// Watches whether several upstreams are well, where that is configured.
    pub async fn watch_upstreams(&self) {
        self.upstream.watch().await;
    }

    /// Keeps in touch with the counter of the fleet, where that is configured.
    pub async fn count_with_fleet(&self) {
        if let Some(access) = &self.access {
            access.count_with_fleet().await;
        }
    }

    /// From now on exactly the API keys with these SHA-256 are known; those that stay keep what they used. Returns whether this gateway asks
    /// for keys at all: that is in the configuration digest, and no list of keys changes it.
    pub fn replace_access_keys(&self, hashes: &[[u8; 32]]) -> bool {
        self.access.as_ref().inspect(|access| access.replace(hashes)).is_some()
    }

    /// How many more requests could be opened now.
    #[must_use]
    pub fn free_streams(&self) -> usize {
        self.streams.available_permits()
    }

    /// A failure of the model server or of this machine is for its operator; everything else is the request's.
    fn refused(&self, failure: &Failure) {
        match failure.code {
            Code::REQUEST_UPSTREAM_UNREACHABLE
            | Code::REQUEST_UPSTREAM_UNPROVEN
            | Code::REQUEST_UPSTREAM_BROKEN
            | Code::REQUEST_UPSTREAM_TIMEOUT
            | Code::REQUEST_UPSTREAM_REDIRECT
            | Code::CHANNEL_BUSY => self.log.failure(Level::Warn, "request.refused", failure),
            code => self.log.failure(Level::Info, "request.refused", &Failure::new(code)),
        }
    }

    fn refuse(&self, failure: Failure) -> Failure {
        self.log.failure(Level::Info, "channel.refused", &Failure::new(failure.code));
        failure
    }
}

/// How the places of requests that arrive are shared: behind a proxy one connection has many clients, of whom one must not take all.
fn arriving(all: usize) -> PlaceLimits {
    PlaceLimits { all, connection: (all / 8).max(32).min(all), least: Duration::from_secs(1) }
}

/// Whether the answer to this failure belongs outside: the encapsulation itself is at fault or broke off.
fn is_outer(code: Code) -> bool {
    matches!(
        code,
        Code::CHANNEL_CHUNK_SIZE
            | Code::CHANNEL_DECRYPT
            | Code::CHANNEL_REPLAYED
            | Code::CHANNEL_TRUNCATED
            | Code::REQUEST_TIMEOUT
    )
}
