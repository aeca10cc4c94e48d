//! The list of models as clients get it where the operator names them (PROTOCOL.md §11.4).

use std::time::Duration;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;

use super::model_server::ServerContent;
use crate::failure::Failure;
use crate::upstream::models::Models;

/// Longest list that is read, in bytes.
const LONGEST: usize = 4 << 20;

/// The answer with those of `models` alone; a refusal of the server, and one without content, pass as they are. The list has to be there
/// within `limit`.
///
/// # Errors
/// `request.upstream_broken` for what is no list: it could name other models.
pub(super) async fn only_listed(
    answer: Response<ServerContent>,
    models: &Models,
    limit: Duration,
) -> Result<Response<ServerContent>, Failure> {
    // Whatever else it is, such as the part that `range` asked for, may be or hold a list.
    if answer.status() == StatusCode::NOT_MODIFIED || answer.status().as_u16() >= 400 {
        return Ok(answer);
    }
    let broken = |why: &'static str| Failure::with(Code::REQUEST_UPSTREAM_BROKEN, why);
    let (mut head, content) = answer.into_parts();
    if head.headers.contains_key(CONTENT_ENCODING) {
        return Err(broken("the list of models has a content coding"));
    }
    let read = timeout(limit, Limited::new(content, LONGEST).collect()).await;
    let read = read.map_err(|_| Failure::new(Code::REQUEST_UPSTREAM_TIMEOUT))?;
    let read = read.map_err(|_| broken("the list of models breaks off or has more than 4 MiB"))?.to_bytes();
    let list = models.filtered(&read).ok_or(broken("the list of models is none"))?;
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Response::from_parts(head, ServerContent::Own(Bytes::from(list).into())))
}
