//! What the other gateway answers outside of the encapsulation: evidence, and refusals. All of it is untrusted and limited in length.

use std::error::Error as _;
use std::io;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;

use crate::failure::Failure;

/// Longest bundle, in bytes (PROTOCOL.md §3).
const LONGEST_BUNDLE: usize = 2 << 20;

/// Longest problem, in bytes.
const LONGEST_PROBLEM: usize = 4096;

/// The bundle of an answer.
///
/// # Errors
/// `request.upstream_unproven`.
pub(super) async fn fetch(answer: Result<Response<Incoming>, Error>) -> Result<Bytes, Failure> {
    let unproven = |detail: String| Failure::with(Code::REQUEST_UPSTREAM_UNPROVEN, detail);
    let answer = answer.map_err(|error| {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).filter(|_| error.is_connect());
        let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
        unproven(format!("the upstream gives no evidence: no connection{cause}"))
    })?;
    if answer.status() != StatusCode::OK {
        return Err(unproven(format!("the upstream gives no evidence: status {}", answer.status().as_u16())));
    }
    let bundle = Limited::new(answer.into_body(), LONGEST_BUNDLE).collect().await;
    bundle
        .map(|bundle| bundle.to_bytes())
        .map_err(|_| unproven("the evidence broke off, or is longer than 2 MiB".into()))
}

/// The code of a problem; None for anything else.
pub(super) async fn problem_code(body: Incoming) -> Option<String> {
    let body = Limited::new(body, LONGEST_PROBLEM).collect().await.ok()?.to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).ok()?;
    problem.get("code")?.as_str().map(str::to_owned)
}
