//! An upstream that is a gateway too (PROTOCOL.md §25). This gateway is its relying party: it verifies the evidence of the other one by a
//! policy of its own, and seals each request to a key that met the policy. A request for which there is no such key is not sent.
//!
//! The way of a request: [`keys`] holds the key that [`relying_party`] proved; [`request`] seals what is sent; [`answer`] opens what comes.

pub mod answer;
mod evidence;
mod keys;
mod relying_party;
pub mod request;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST};
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
use crate::upstream::headers::IDEMPOTENCY_KEY;
use crate::verification::PeerPolicy;

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
    /// The gateway at `address`, which has to meet the `policy`. Nothing is connected yet.
    pub fn new(address: &Address, policy: &PeerPolicy, limits: &Limits, clock: Arc<dyn Clock>, log: Log) -> Self {
        Self {
            client: Upstream::new(address, limits.streams, limits.connect_timeout),
            party: Arc::new(RelyingParty::new(policy, Arc::clone(&clock))),
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
    pub async fn prepare(&self) {
        if let Some((sender, _permit)) = self.place() {
            drop(self.key(&sender).await);
        }
    }

    /// Sends `request`, whose path is the one inside, and waits for the head of the answer.
    ///
    /// # Errors
    /// [`PeerError::KeyUnknown`] once the key of the other gateway is gone: the next request proves a new one. `request.upstream_broken` where
    /// that one is of another process, which cannot know whether the first one ran the request.
    pub async fn send(&self, sender: &PeerSender<B>, request: Request<B>) -> Result<Response<OpenedAnswer>, PeerError> {
        let proven = self.key(sender).await?;
        if sender.sent_to.get_or_init(|| proven.key.instance.clone()) != &proven.key.instance {
            return Err(Failure::with(Code::REQUEST_UPSTREAM_BROKEN, "another process answers now").into());
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
        let answer = sender.sender.send(outer).await.map_err(PeerError::Transport)?;
        if answer.status() != StatusCode::OK || answer.headers().get(CONTENT_TYPE).is_none_or(|is| is != RESPONSE_TYPE)
        {
            return Err(self.refused(&proven, answer).await);
        }
        Ok(answer::open(answer, opener, self.limits.field_bytes).await?)
    }

    /// The key that requests are sealed to now.
    async fn key(&self, sender: &PeerSender<B>) -> Result<Arc<Proven>, Failure> {
        self.keys.get(|| self.prove(sender)).await
    }

    /// Fetches evidence and verifies it.
    async fn prove(&self, sender: &PeerSender<B>) -> Result<Proven, Failure> {
        let proving = async {
            let asked = self.party.ask()?;
            let uri = self.client.uri(&asked.path()).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
            let mut request = Request::new(PeerBody::Empty);
            *request.uri_mut() = uri;
            let evidence = evidence::fetch(sender.sender.send(request).await).await?;
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

    /// What an answer outside of the encapsulation means. Nothing authenticates it: it ends the use of the key and decides nothing else.
    async fn refused(&self, proven: &Arc<Proven>, answer: Response<Incoming>) -> PeerError {
        self.keys.forget(proven);
        let status = answer.status();
        match evidence::problem_code(answer.into_body()).await.as_deref() {
            Some("channel.key_unknown" | "channel.suite") => PeerError::KeyUnknown,
            Some("channel.busy") => PeerError::Failed(Failure::new(Code::CHANNEL_BUSY)),
            _ => PeerError::Failed(Failure::with(
                Code::REQUEST_UPSTREAM_BROKEN,
                format!("status {} outside of the encapsulation", status.as_u16()),
            )),
        }
    }
}

/// The fields by which the other gateway runs a request once (PROTOCOL.md §11): the same ones each time that the request is sent.
///
/// # Errors
/// `gateway.internal` when the system has no random numbers.
pub fn run_once(fields: &mut HeaderMap, date: HeaderValue) -> Result<(), Failure> {
    let key = base64url::encode(&random::bytes::<16>()?);
    let key = HeaderValue::try_from(key).map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))?;
    fields.remove(HOST);
    fields.insert(DATE, date);
    fields.insert(IDEMPOTENCY_KEY, key);
    Ok(())
}
