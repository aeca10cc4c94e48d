//! The endpoints (PROTOCOL.md §2). There are no others.

use std::convert::Infallible;
use std::sync::Arc;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Either;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;

use super::plain::Plain;
use super::query::EvidenceQuery;
use super::{Gateway, cors, stall};
use crate::channel::SealedAnswer;
use crate::failure::Failure;
use crate::problem;

const EVIDENCE: &str = "/blindllama/v1/evidence";
const HEALTH: &str = "/blindllama/v1/health";
const CHANNEL: &str = "/blindllama/v1/o/";

/// What an answer consists of.
pub(super) type AnswerBody = Either<Plain, SealedAnswer>;

enum Endpoint {
    Evidence,
    Health,
    Channel,
}

impl Endpoint {
    /// Whether it is asked like that. Balancers ask for health with HEAD as well.
    fn takes(&self, method: &Method) -> bool {
        match self {
            Self::Evidence => *method == Method::GET,
            Self::Health => matches!(*method, Method::GET | Method::HEAD),
            Self::Channel => *method == Method::POST,
        }
    }

    const fn allowed(&self) -> &'static str {
        match self {
            Self::Evidence => "GET, OPTIONS",
            Self::Health => "GET, HEAD, OPTIONS",
            Self::Channel => "POST, OPTIONS",
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
        let mut response = match self.endpoint(request.uri().path()) {
            Some(endpoint) if *request.method() == Method::OPTIONS => self.preflight(&endpoint, origin),
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
        cors::permit(&self.config.origins, origin, response.headers_mut());
        self.bound(response.body_mut(), connection);
        Ok(response)
    }

    /// Gives an answer of the gateway's own a place, until it is sent.
    fn bound(&self, body: &mut AnswerBody, connection: u64) {
        let place = || {
            let (place, holding) = self.sending.enter(connection, Instant::now());
            stall::send_while(holding);
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
                self.refuse_when_stopping()?;
                let query = EvidenceQuery::parse(query.unwrap_or_default())?;
                // A body would be held, unread, as long as the quote takes.
                drop(request);
                let [own, shared] = self.evidence.bundle(query.nonce, &query.versions, query.have).await?;
                Ok(response(StatusCode::OK, "application/cbor", Plain::of(own, shared)))
            }
            // A query says nothing here: checks add one against caches.
            Endpoint::Health => {
                let without = *request.method() == Method::HEAD;
                drop(request);
                let healthy = !self.is_stopping() && self.evidence.attester.is_healthy().await;
                let answer = if healthy {
                    whole(StatusCode::OK, "application/json", r#"{"status":"ok"}"#)
                } else {
                    whole(StatusCode::SERVICE_UNAVAILABLE, "application/json", r#"{"status":"unavailable"}"#)
                };
                Ok(if without { without_content(answer) } else { answer })
            }
            Endpoint::Channel if query.is_some() => Err(Failure::new(Code::REQUEST_QUERY)),
            Endpoint::Channel => {
                self.refuse_when_stopping()?;
                self.channel.answer(request, connection).await.map(|response| response.map(Either::Right))
            }
        }
    }

    fn refuse_when_stopping(&self) -> Result<(), Failure> {
        if self.is_stopping() { Err(Failure::new(Code::GATEWAY_STOPPING)) } else { Ok(()) }
    }
}

fn whole(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<AnswerBody> {
    response(status, media_type, Plain::of(body.into(), Bytes::new()))
}

fn response(status: StatusCode, media_type: &'static str, body: Plain) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
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
