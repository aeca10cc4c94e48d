//! An upstream that is a gateway too (PROTOCOL.md §25). This gateway is its relying party: it verifies the evidence of the other one by a
//! policy of its own, and seals each request to a key that met the policy. A request for which there is no such key is not sent.
//!
//! The way of a request: [`keys`] holds the key that [`relying_party`] proved; [`request`] seals what is sent; [`answer`] opens what comes.

pub mod answer;
mod evidence;
mod keys;
pub(crate) mod relying_party;
pub mod request;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use self::answer::OpenedAnswer;
use self::keys::Keys;
use self::relying_party::{Proven, RelyingParty};
use self::request::{PeerBody, SealedRequest};
use crate::base64url;
use crate::bhttp::{RequestHead, request_head};
use crate::clock::Clock;
use crate::config::Limits;
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::ohttp::encapsulate::encapsulate;
use crate::ohttp::{REQUEST_TYPE, RESPONSE_TYPE};
use crate::random;
use crate::upstream::address::Address;
use crate::upstream::client::{Sender, Upstream};
use crate::upstream::headers::{CODE_FIELD, IDEMPOTENCY_KEY};

/// Longest time in which evidence is fetched and verified.
const PROOF: Duration = Duration::from_secs(10);

/// The other gateway. `B` is the content of requests.
pub struct Peer<B> {
    client: Upstream<PeerBody<B>>,
    party: Arc<RelyingParty>,
    keys: Keys<Proven>,
    limits: Limits,
    log: Log,
}

/// Sends one request to the other gateway, and again to the same process of it alone.
pub struct PeerSender<B> {
    sender: Sender<PeerBody<B>>,
    /// The instance that the request was first sent to.
    sent_to: OnceLock<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum PeerError {
    /// The other gateway says that it has no such key, and opened nothing. Nothing authenticates that: whoever sends the request again has to
    /// keep its date and its idempotency key, by which the same process runs it once.
    KeyUnknown,
    /// The transport failed.
    Transport(Error),
    /// Everything else.
    Failed(Failure),
}

impl From<Failure> for PeerError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<B> Peer<B>
where
    B: Body<Data = Bytes, Error = Failure> + Send + Unpin + 'static,
{
    /// The gateway at `address`, which has to convince the `party`. Nothing is connected yet.
    pub(crate) fn new(
        address: &Address,
        party: Arc<RelyingParty>,
        limits: &Limits,
        clock: Arc<dyn Clock>,
        log: Log,
    ) -> Self {
        Self {
            client: Upstream::new(address, limits.streams, limits.connect_timeout),
            party,
            keys: Keys::new(clock),
            limits: limits.clone(),
            log,
        }
    }

    /// A place for a request, as [`Upstream::place`].
    pub fn place(&self) -> Option<(PeerSender<B>, OwnedSemaphorePermit)> {
        self.client.place().map(|(sender, permit)| (PeerSender { sender, sent_to: OnceLock::new() }, permit))
    }

    /// Proves a key before the first request needs it. A failure is in the log, and the next request tries again.
    pub async fn prepare(self: &Arc<Self>) {
        if let Some((sender, _permit)) = self.place() {
            drop(self.key(&sender).await);
        }
    }

    /// Asks for `path` outside of the encapsulation; returns the status of the answer, which nothing authenticates. None for what is no path.
    pub async fn probe(&self, sender: &PeerSender<B>, path: &str) -> Option<Result<StatusCode, Error>> {
        let mut request = Request::new(PeerBody::Empty);
        *request.uri_mut() = self.client.uri(path)?;
        Some(sender.sender.send(request).await.map(|answer| answer.status()))
    }

    /// Sends `request`, whose path is the one inside, and waits for the head of the answer.
    ///
    /// # Errors
    /// Once a request was posted, nothing but an answer that opens says what became of it: [`PeerError::KeyUnknown`], after which the next
    /// request proves a new key, and `request.upstream_broken` leave that open. Everything else means that nothing was posted.
    pub async fn send(
        self: &Arc<Self>,
        sender: &PeerSender<B>,
        request: Request<B>,
    ) -> Result<Response<OpenedAnswer>, PeerError> {
        let is_first = sender.sent_to.get().is_none();
        let proven = match self.key(sender).await {
            Ok(proven) => proven,
            Err(failure) if is_first => return Err(failure.into()),
            Err(_) => return Err(unknown_fate("It cannot be proven again.")),
        };
        if sender.sent_to.get_or_init(|| proven.key.instance.clone()) != &proven.key.instance {
            return Err(unknown_fate("Another process answers now."));
        }
        let (parts, body) = request.into_parts();
        let head = RequestHead {
            method: parts.method.as_str().into(),
            scheme: "https".into(),
            authority: "ohttp.invalid".into(),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()).into(),
            fields: parts.headers,
        };
        let (sealer, opener) = encapsulate(proven.key.key_id, proven.suite, &proven.key.public_key)?;
        let body = PeerBody::sealed(SealedRequest::new(sealer, request_head(&head), body));
        let mut outer = Request::new(body);
        *outer.method_mut() = http::Method::POST;
        let path = format!("/blindllama/v1/o/{}", proven.key.instance);
        *outer.uri_mut() = self.client.uri(&path).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
        outer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(REQUEST_TYPE));
        let answer = match sender.sender.send(outer).await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() && !is_first => return Err(unknown_fate("It cannot be reached again.")),
            Err(error) => return Err(PeerError::Transport(error)),
        };
        if answer.status() != StatusCode::OK || answer.headers().get(CONTENT_TYPE).is_none_or(|is| is != RESPONSE_TYPE)
        {
            return Err(self.refused(&proven, answer).await);
        }
        let answer = answer::open(answer, opener, self.limits.field_bytes).await?;
        // Of the same request, sent before: its own idempotency key is used for nothing else.
        if answer.headers().get(CODE_FIELD).is_some_and(|code| code == Code::REQUEST_DUPLICATE.as_str()) {
            return Err(unknown_fate("It ran the request, and the answer was lost."));
        }
        Ok(answer)
    }

    /// The key that requests are sealed to now.
    async fn key(self: &Arc<Self>, sender: &PeerSender<B>) -> Result<Arc<Proven>, Failure> {
        if let Some(current) = self.keys.current() {
            return Ok(current);
        }
        let (peer, sender) = (Arc::clone(self), sender.sender.clone());
        // A task of its own: a client that leaves would end the proof for all others that wait for it.
        let proof = tokio::spawn(async move { peer.keys.get(|| peer.prove(&sender)).await });
        proof.await.map_err(|_| Failure::with(Code::GATEWAY_INTERNAL, "the proof of the upstream"))?
    }

    /// Fetches evidence and verifies it.
    async fn prove(&self, sender: &Sender<PeerBody<B>>) -> Result<Proven, Failure> {
        let proving = async {
            let asked = self.party.ask()?;
            let uri = self.client.uri(&asked.path()).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
            let mut request = Request::new(PeerBody::Empty);
            *request.uri_mut() = uri;
            let evidence = evidence::fetch(sender.send(request).await).await?;
            let party = Arc::clone(&self.party);
            // Signatures take milliseconds, for which no request of another client should wait.
            let judged = tokio::task::spawn_blocking(move || party.judge(&evidence, &asked)).await;
            judged.map_err(|_| Failure::with(Code::GATEWAY_INTERNAL, "the verification of the upstream"))?
        };
        let late = |_| Failure::with(Code::REQUEST_UPSTREAM_UNPROVEN, "no evidence within 10 s");
        let proven = timeout(PROOF, proving).await.map_err(late).and_then(|proven| proven);
        match &proven {
            Ok(proven) => self.log.event(Level::Info, "upstream.proven", &[("suite", proven.suite.name().into())]),
            Err(failure) => self.log.failure(Level::Warn, "upstream.unproven", failure),
        }
        proven
    }

    /// What an answer outside of the encapsulation means. Nothing authenticates it: it ends the use of the key, unless the other gateway is
    /// only busy, and decides nothing else.
    async fn refused(&self, proven: &Arc<Proven>, answer: Response<Incoming>) -> PeerError {
        let status = answer.status();
        let code = evidence::problem_code(answer.into_body()).await;
        if code.as_deref() == Some("channel.busy") {
            return unknown_fate("It says that it is busy.");
        }
        self.keys.forget(proven);
        match code.as_deref() {
            Some("channel.key_unknown" | "channel.suite") => PeerError::KeyUnknown,
            _ => PeerError::Failed(Failure::with(
                Code::REQUEST_UPSTREAM_BROKEN,
                format!("status {} outside of the encapsulation", status.as_u16()),
            )),
        }
    }
}

/// A request was posted, and it is not known whether it was run.
fn unknown_fate(told: &'static str) -> PeerError {
    PeerError::Failed(Failure::new(Code::REQUEST_UPSTREAM_BROKEN).telling(told))
}

/// The fields by which the other gateway runs a request once (PROTOCOL.md §11): the same ones each time that the request is sent.
///
/// # Errors
/// `gateway.internal` when the system has no random numbers.
pub fn run_once(fields: &mut HeaderMap, date: HeaderValue) -> Result<(), Failure> {
    let key = base64url::encode(&random::bytes::<16>()?);
    let key = HeaderValue::try_from(key).map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))?;
    fields.insert(DATE, date);
    fields.insert(IDEMPOTENCY_KEY, key);
    Ok(())
}
