//! The endpoints (PROTOCOL.md §2). There are no others.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout};

use super::plain::Plain;
use super::query::EvidenceQuery;
use super::{Gateway, after, cors, stall};
use crate::channel::SealedAnswer;
use crate::enrolment;
use crate::failure::Failure;
use crate::phase::{Phase, reached};
use crate::problem;

const EVIDENCE: &str = "/blindllama/v1/evidence";
const HEALTH: &str = "/blindllama/v1/health";
const LIVE: &str = "/blindllama/v1/health/live";
const CHANNEL: &str = "/blindllama/v1/o/";
const ENROL: &str = "/blindllama/v1/enrol";
const OPERATE: &str = "/blindllama/v1/operate";

/// What an answer consists of.
pub(super) type AnswerBody = Either<Plain, SealedAnswer>;

enum Endpoint {
    Evidence,
    Health,
    Live,
    Channel,
    Enrol,
    Operate,
}

impl Endpoint {
    /// Whether it is asked like that. Balancers ask for health with HEAD as well.
    fn takes(&self, method: &Method) -> bool {
        match self {
            Self::Evidence => *method == Method::GET,
            Self::Health | Self::Live => matches!(*method, Method::GET | Method::HEAD),
            Self::Channel => *method == Method::POST,
            Self::Enrol | Self::Operate => matches!(*method, Method::GET | Method::POST),
        }
    }

    const fn allowed(&self) -> &'static str {
        match self {
            Self::Evidence => "GET, OPTIONS",
            Self::Health | Self::Live => "GET, HEAD, OPTIONS",
            Self::Channel => "POST, OPTIONS",
            Self::Enrol | Self::Operate => "GET, POST",
        }
    }
}

impl Gateway {
    /// Answers one request, whatever it is, which came on `connection`.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        connection: u64,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let origin = request.headers().get(ORIGIN).cloned();
        let origin = origin.as_ref();
        let endpoint = self.endpoint(request.uri().path());
        let is_for_pages = !matches!(endpoint, Some(Endpoint::Enrol | Endpoint::Operate));
        let mut response = match endpoint {
            Some(endpoint) if is_for_pages && *request.method() == Method::OPTIONS => self.preflight(&endpoint, origin),
            Some(endpoint) if !endpoint.takes(request.method()) => {
                let mut refusal = refusal(&Failure::new(Code::REQUEST_METHOD));
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.allowed()));
                refusal
            }
            Some(endpoint) => {
                self.dispatch(&endpoint, request, connection).await.unwrap_or_else(|failure| refusal(&failure))
            }
            None => refusal(&Failure::new(Code::REQUEST_NOT_FOUND)),
        };
        if is_for_pages {
            cors::permit(&self.config.origins, origin, response.headers_mut());
        }
        self.bound(response.body_mut(), connection);
        Ok(response)
    }

    /// Gives an answer of the gateway's own a place, until it is sent.
    fn bound(&self, body: &mut AnswerBody, connection: u64) {
        let place = || {
            let (place, place_handle) = self.sending.enter(connection, Instant::now());
            stall::send_while(place_handle);
            place
        };
        match body {
            Either::Left(plain) => plain.keep(place()),
            Either::Right(sealed) if sealed.is_refusal() => sealed.move_to(place()),
            // It keeps its stream.
            Either::Right(_) => {}
        }
    }

    /// The endpoint at `path`. Another instance's channel is none of this gateway's endpoints: the proxy routed wrongly, and
    /// the client must attest anew.
    fn endpoint(&self, path: &str) -> Option<Endpoint> {
        match path {
            EVIDENCE => Some(Endpoint::Evidence),
            HEALTH => Some(Endpoint::Health),
            LIVE => Some(Endpoint::Live),
            ENROL => self.enrolment.as_ref().map(|_| Endpoint::Enrol),
            OPERATE => self.operation.as_ref().map(|_| Endpoint::Operate),
            _ => path.strip_prefix(CHANNEL).filter(|instance| *instance == self.instance).map(|_| Endpoint::Channel),
        }
    }

    fn preflight(&self, endpoint: &Endpoint, origin: Option<&HeaderValue>) -> Response<AnswerBody> {
        if !cors::allows(&self.config.origins, origin) {
            return refusal(&Failure::new(Code::REQUEST_ORIGIN));
        }
        let mut response = Response::new(Either::Left(Plain::default()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        cors::preflight(response.headers_mut());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.allowed()));
        response
    }

    async fn dispatch(
        &self,
        endpoint: &Endpoint,
        request: Request<Incoming>,
        connection: u64,
    ) -> Result<Response<AnswerBody>, Failure> {
        let query = request.uri().query();
        match endpoint {
            Endpoint::Evidence => {
                self.refuse_from(Phase::Draining)?;
                let query = EvidenceQuery::parse(query.unwrap_or_default())?;
                // A body would be held, unread, as long as the quote takes.
                drop(request);
                let parts = self.evidence.bundle(query.nonce, &query.versions, query.have).await?;
                Ok(response(StatusCode::OK, "application/cbor", Plain::of(parts)))
            }
            // A query says nothing in these two: checks add one against caches.
            Endpoint::Live => Ok(state(request.method(), StatusCode::OK, r#"{"status":"live"}"#)),
            Endpoint::Health => {
                let method = request.method().clone();
                drop(request);
                let (status, body) = if self.phase() >= Phase::Draining {
                    (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#)
                } else if self.evidence.attester.is_healthy().await {
                    (StatusCode::OK, r#"{"status":"ok"}"#)
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unavailable"}"#)
                };
                Ok(state(&method, status, body))
            }
            Endpoint::Channel | Endpoint::Enrol | Endpoint::Operate if query.is_some() => {
                Err(Failure::new(Code::REQUEST_QUERY))
            }
            Endpoint::Enrol => {
                self.refuse_from(Phase::Draining)?;
                Ok(whole(StatusCode::OK, "application/json", self.enrol(request, connection).await?))
            }
            Endpoint::Operate => {
                self.refuse_from(Phase::Draining)?;
                Ok(whole(StatusCode::OK, "application/json", self.operate(request, connection).await?))
            }
            Endpoint::Channel => {
                self.refuse_from(Phase::Stopping)?;
                // An answer that ends with the gateway says so itself; a request that has not arrived has none.
                tokio::select! {
                    biased;
                    answer = self.channel.answer(request, connection) => answer.map(|response| response.map(Either::Right)),
                    () = reached(self.phases.clone(), Phase::Ended) => Err(Failure::new(Code::GATEWAY_STOPPING)),
                }
            }
        }
    }

    async fn enrol(&self, request: Request<Incoming>, connection: u64) -> Result<String, Failure> {
        let enrolment = self.enrolment.as_ref().ok_or(Failure::new(Code::REQUEST_NOT_FOUND))?;
        if *request.method() == Method::GET {
            return enrolment.challenge();
        }
        let limit = self.config.limits.header_timeout;
        let (place, mut place_handle) = self.signed.enter(connection, after(limit));
        let body = Limited::new(request.into_body(), enrolment::MAX_REQUEST).collect();
        let body = tokio::select! {
            body = timeout(limit, body) => body,
            () = poll_fn(|context| place_handle.poll_evicted(context)) => return Err(Failure::new(Code::ENROL_BUSY)),
        };
        drop(place);
        match body {
            Ok(Ok(body)) => enrolment.answer(&body.to_bytes()).await,
            Ok(Err(_)) => Err(Failure::new(Code::ENROL_REQUEST)),
            Err(_) => Err(Failure::new(Code::REQUEST_TIMEOUT)),
        }
    }

    async fn operate(&self, request: Request<Incoming>, connection: u64) -> Result<String, Failure> {
        let operation = self.operation.as_ref().ok_or(Failure::new(Code::REQUEST_NOT_FOUND))?;
        if *request.method() == Method::GET {
            return operation.challenge();
        }
        let (_place, place_handle) = self.signed.enter(connection, after(self.config.limits.header_timeout));
        operation.answer(request, &self.channel, place_handle).await
    }

    fn refuse_from(&self, phase: Phase) -> Result<(), Failure> {
        if self.phase() >= phase { Err(Failure::new(Code::GATEWAY_STOPPING)) } else { Ok(()) }
    }
}

fn whole(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<AnswerBody> {
    response(status, media_type, Plain::of([body.into(), Bytes::new(), Bytes::new()]))
}

fn response(status: StatusCode, media_type: &'static str, body: Plain) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer about the gateway's state, in JSON.
fn state(method: &Method, status: StatusCode, body: &'static str) -> Response<AnswerBody> {
    let answer = whole(status, "application/json", body);
    if *method == Method::HEAD { without_content(answer) } else { answer }
}

/// The answer to a HEAD: as long as that to a GET would be (RFC 9110 §8.6).
fn without_content(mut answer: Response<AnswerBody>) -> Response<AnswerBody> {
    if let Some(length) = answer.body().size_hint().exact() {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer.map(|_| Either::Left(Plain::default()))
}

fn refusal(failure: &Failure) -> Response<AnswerBody> {
    let status = problem::status(failure.code);
    let mut response = whole(status, problem::PROBLEM_TYPE, problem::outer(failure));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
