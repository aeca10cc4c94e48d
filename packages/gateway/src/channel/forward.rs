//! Runs an admitted request at the upstream.
//!
//! A request that fits into [`WHOLE`](super::request_body) bytes is forwarded once its authenticated end is there, with its length. A longer
//! one is forwarded as it comes, in bounded memory; if it turns out to be broken, the connection to the upstream is closed within it.

use std::future::poll_fn;
use std::time::Duration;

use blindllama_verifier::Code;
use http::header::LOCATION;
use http::{Method, Request, Response};
use http_body::Body as _;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Channel;
use super::exchange::Exchange;
use super::inner::InnerRequest;
use super::model_list::only_listed;
use super::model_server::ServerContent;
use super::request_body::{Progress, RequestBody, Rules, drain, hold};
use super::send_error::{SendError, never_ran};
use super::servers::Chosen;
use crate::bhttp::RequestHead;
use crate::bhttp::decode::Part;
use crate::failure::Failure;
use crate::phase::End;
use crate::upstream::headers::for_client;
use crate::upstream::models::Models;
use crate::upstream::request_fields::{CREDENTIALS, for_upstream};
use crate::upstream::routes::{Content, ModelPlace, content_of, model_place};

/// How long its answer waits until the rest of a refused request was thrown away. What the client sends after it is thrown away on a place
/// among the requests that arrive.
const DRAINED: Duration = Duration::from_secs(5);

/// How often a request is sent again that the upstream refused to look at, and after which time.
const AGAIN: u8 = 3;
const AGAIN_AFTER: Duration = Duration::from_millis(20);

impl Channel {
    /// Reads, checks and runs the request; returns the upstream's answer with the fields that the client may see.
    pub(super) async fn forward(
        &self,
        mut inner: InnerRequest,
        exchange: &mut Exchange,
        connection: u64,
    ) -> Result<Response<ServerContent>, Failure> {
        let head = match self.admit(&mut inner, exchange).await {
            Ok(head) => head,
            Err(failure) => {
                inner.drain().await;
                return Err(failure);
            }
        };
        let content = content_of(&head.method, &head.path);
        let member = match content {
            Content::Plain => None,
            _ => self.config.upstream.prompt_cache.member()?,
        };
        let model_place = model_place(&head.method, &head.path);
        let checked = self.models().map(|models| models.check(model_place, &head.path, &head.fields));
        let models = match checked.transpose() {
            Ok(models) => models.flatten(),
            Err(failure) => {
                inner.drain().await;
                return Err(failure);
            }
        };
        let (body, progress) = RequestBody::read(inner, Rules { models, member }).await?;
        if [Method::GET, Method::DELETE].iter().any(|method| head.method == method.as_str()) && !body.is_end_stream() {
            return Err(Failure::new(Code::REQUEST_ROUTE).telling(format!("A {} has no content.", head.method)));
        }
        let (chosen, place) = self.upstream.choose(&[]).ok_or(Failure::new(Code::CHANNEL_BUSY))?;
        exchange.run(&self.streams, place)?;
        let method = Method::from_bytes(head.method.as_bytes()).map_err(|_| Failure::new(Code::GATEWAY_INTERNAL))?;
        let key = self.admission.take(&method, &head.fields)?;
        let leftover = body.rest();
        let path = head.path.clone();
        let request = self.request(head, method, body)?;
        if content != Content::Plain {
            exchange.count_tokens(&progress);
        }
        let answer = self.run(chosen, request, &path, &progress, exchange).await;
        if answer.as_ref().is_err_and(|failure| never_ran(failure.code)) {
            exchange.uncount_tokens();
        }
        match (&answer, key) {
            (Ok(answer), Some(key)) => key.answered(answer.status()),
            (Err(failure), Some(key)) if never_ran(failure.code) => key.give_back(),
            _ => {}
        }
        let refused = answer.as_ref().map_or(true, |answer| answer.status().as_u16() >= 400);
        if let Some(rest) = leftover.filter(|_| refused) {
            // A client that still sends would not read its answer.
            // Its place goes before that of any request that arrives.
            let (place, place_handle) = self.arriving.enter(connection, Instant::now());
            let drained = tokio::spawn(async move {
                drain(rest, progress, place_handle).await;
                drop(place);
            });
            drop(timeout(DRAINED, drained).await);
        }
        let mut answer = answer?;
        if let (Some(models), ModelPlace::List) = (self.models(), model_place) {
            answer = only_listed(answer, models, self.config.limits.upstream_timeout).await?;
        }
        for_client(answer.headers_mut());
        let date = self.admission.date();
        answer.headers_mut().entry(http::header::DATE).or_insert(date);
        Ok(answer)
    }

    /// The models that clients may see and use, where the operator lists them.
    fn models(&self) -> Option<&Models> {
        self.config.upstream.models.as_ref()
    }

    async fn admit(&self, inner: &mut InnerRequest, exchange: &mut Exchange) -> Result<RequestHead, Failure> {
        let Some(Part::Head(head)) = poll_fn(|context| inner.poll_part(context)).await? else {
            return Err(Failure::new(Code::CHANNEL_MESSAGE));
        };
        self.admission.check(&head)?;
        if let Some(access) = &self.access {
            exchange.hold(access.admit(&head.fields, Instant::now()).await?);
        }
        Ok(*head)
    }

    /// Sends the request, again where the upstream refused to look at it, and checks that what came is an answer. Where a server cannot have
    /// run it, another one gets it, until the time for a connection is over.
    async fn run(
        &self,
        mut chosen: Chosen,
        mut request: Request<RequestBody>,
        path: &str,
        progress: &Progress,
        exchange: &mut Exchange,
    ) -> Result<Response<ServerContent>, Failure> {
        let (begun, mut tried, mut again) = (Instant::now(), Vec::new(), AGAIN);
        loop {
            *request.uri_mut() = self.upstream.uri(&chosen, path).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
            let held = self.upstream.may_refuse().then(|| hold(&request));
            let sent = self.send(&chosen, request, progress).await;
            self.upstream.note(&chosen, &sent);
            let error = match sent {
                Ok(answer) => return checked(answer),
                Err(error) => error,
            };
            let Some(held) = held.filter(|held| held.body().is_untouched()) else { return Err(error.into()) };
            match error {
                SendError::Refused | SendError::Unproven if again > 0 => {
                    again = again.saturating_sub(1);
                    sleep(AGAIN_AFTER).await;
                }
                error if error.is_unsent() && begun.elapsed() < self.config.limits.connect_timeout => {
                    tried.push(chosen.index());
                    let Some((next, place)) = self.upstream.choose(&tried) else { return Err(error.into()) };
                    exchange.move_upstream(place);
                    (chosen, again) = (next, AGAIN);
                }
                error => return Err(error.into()),
            }
            request = held;
        }
    }

    fn request(
        &self,
        mut head: RequestHead,
        method: Method,
        body: RequestBody,
    ) -> Result<Request<RequestBody>, Failure> {
        if self.access.is_some() {
            // The key is one of this gateway, and no business of the model server.
            for name in CREDENTIALS {
                head.fields.remove(name);
            }
        }
        let upstream = &self.config.upstream;
        let api_key = upstream.api_key.as_ref().map(|key| key.as_str());
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = for_upstream(head.fields, api_key, &upstream.fields)?;
        self.upstream.complete(&mut request, self.admission.date())?;
        Ok(request)
    }

    /// Sends the request and waits for the header of the answer, at most `upstream_timeout` since the request last moved.
    async fn send(
        &self,
        chosen: &Chosen,
        request: Request<RequestBody>,
        progress: &Progress,
    ) -> Result<Response<ServerContent>, SendError> {
        let mut answer = std::pin::pin!(self.upstream.send(chosen, request));
        // Asks for the phase itself: whoever waits for this answer may be woken by the end before it.
        let mut end = End::new(self.phases.clone());
        let limit = self.config.limits.upstream_timeout;
        loop {
            let deadline = progress.deadline(limit);
            tokio::select! {
                answer = &mut answer => return answer,
                () = poll_fn(|context| end.poll(context)) => {
                    return Err(SendError::Failed(Failure::new(Code::GATEWAY_DRAINED)));
                }
                () = sleep_until(deadline) => if progress.deadline(limit) <= deadline {
                    return Err(SendError::Failed(Failure::new(Code::REQUEST_UPSTREAM_TIMEOUT)));
                },
            }
        }
    }
}

/// The answer, where its status is one that a client may have.
fn checked(answer: Response<ServerContent>) -> Result<Response<ServerContent>, Failure> {
    match answer.status().as_u16() {
        301 | 302 | 303 | 307 | 308 if answer.headers().contains_key(LOCATION) => {
            Err(Failure::new(Code::REQUEST_UPSTREAM_REDIRECT))
        }
        200..=599 => Ok(answer),
        status => {
            let told = format!("It answered with status {status}, which no answer of HTTP has.");
            Err(Failure::new(Code::REQUEST_UPSTREAM_STATUS).telling(told))
        }
    }
}
