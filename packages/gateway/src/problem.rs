//! Refusals as answers: problems (RFC 9457), inside the encapsulation in OpenAI's shape as well.

use blindllama_verifier::Code;
use http::StatusCode;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Media type of a problem.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// The status that a code is answered with.
#[must_use]
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::ACCESS_KEY => StatusCode::UNAUTHORIZED,
        Code::ACCESS_LIMIT => StatusCode::TOO_MANY_REQUESTS,
        Code::REQUEST_ORIGIN
        | Code::ENROL_REFUSED
        | Code::ENROL_CHALLENGE
        | Code::OPERATE_REFUSED
        | Code::OPERATE_CHALLENGE => StatusCode::FORBIDDEN,
        Code::REQUEST_NOT_FOUND | Code::REQUEST_ROUTE | Code::REQUEST_MODEL => StatusCode::NOT_FOUND,
        Code::REQUEST_METHOD => StatusCode::METHOD_NOT_ALLOWED,
        Code::REQUEST_TIMEOUT => StatusCode::REQUEST_TIMEOUT,
        Code::REQUEST_DUPLICATE | Code::OPERATE_OLDER => StatusCode::CONFLICT,
        Code::REQUEST_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        Code::CHANNEL_MEDIA_TYPE => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::REQUEST_UPSTREAM_UNREACHABLE
        | Code::REQUEST_UPSTREAM_UNPROVEN
        | Code::REQUEST_UPSTREAM_REDIRECT
        | Code::REQUEST_UPSTREAM_STATUS
        | Code::REQUEST_UPSTREAM_BROKEN => StatusCode::BAD_GATEWAY,
        Code::REQUEST_UPSTREAM_TIMEOUT => StatusCode::GATEWAY_TIMEOUT,
        Code::CHANNEL_BUSY
        | Code::ENROL_BUSY
        | Code::ENROL_UNAVAILABLE
        | Code::OPERATE_BUSY
        | Code::EVIDENCE_BUSY
        | Code::EVIDENCE_CHANGED
        | Code::EVIDENCE_UNAVAILABLE
        | Code::GATEWAY_STOPPING
        | Code::GATEWAY_DRAINED => StatusCode::SERVICE_UNAVAILABLE,
        Code::GATEWAY_INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        Code::REQUEST_REALTIME => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The problem type of a code.
fn problem_type(code: Code) -> &'static str {
    match code {
        // RFC 9458 §5.3
        Code::CHANNEL_KEY_UNKNOWN | Code::CHANNEL_SUITE | Code::CHANNEL_DECRYPT => {
            "https://iana.org/assignments/http-problem-types#ohttp-key"
        }
        // RFC 9458 §6.5.2
        Code::REQUEST_DATE => "https://iana.org/assignments/http-problem-types#date",
        _ => "about:blank",
    }
}

fn members(code: Code) -> Value {
    json!({
        "type": problem_type(code),
        "title": code.sentence(),
        "status": status(code).as_u16(),
        "code": code.as_str(),
    })
}

/// The body of a problem outside the encapsulation. Only the sender of a signed request is told more than the code says.
#[must_use]
pub fn outer(failure: &Failure) -> String {
    let mut problem = members(failure.code);
    let is_for_the_signer = matches!(failure.code, Code::ENROL_CHAIN | Code::OPERATE_DOCUMENT | Code::OPERATE_OLDER);
    if let (true, Some(members)) = (is_for_the_signer && !failure.told.is_empty(), problem.as_object_mut()) {
        members.insert("detail".into(), failure.told.as_ref().into());
    }
    problem.to_string()
}

/// The body of a problem inside: an OpenAI client finds its `error` member too. What the failure tells the sender is its `detail`.
#[must_use]
pub fn inner(failure: &Failure) -> String {
    let mut problem = members(failure.code);
    if let Some(members) = problem.as_object_mut() {
        let mut message = failure.code.sentence().to_owned();
        if !failure.told.is_empty() {
            message = format!("{message} {}", failure.told);
            members.insert("detail".into(), failure.told.as_ref().into());
        }
        members.insert("error".into(), error(failure.code, &message));
    }
    problem.to_string()
}

/// The last event of a stream of events that does not end by itself, in the shape that an OpenAI client raises, without its blank line.
#[must_use]
pub fn last_event(failure: &Failure) -> String {
    format!("data: {}", json!({ "error": error(failure.code, failure.code.sentence()) }))
}

fn error(code: Code, message: &str) -> Value {
    let kind = if status(code).is_server_error() { "server_error" } else { "invalid_request_error" };
    json!({ "message": message, "type": kind, "param": null, "code": code.as_str() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_problem_speaks_to_both_kinds_of_client() {
        let problem: Value = serde_json::from_str(&inner(&Failure::with(Code::REQUEST_ROUTE, "secret"))).unwrap();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!((&problem["status"], &problem["code"]), (&404.into(), &"request.route".into()));
        assert_eq!(problem["error"]["code"], "request.route");
        assert_eq!(problem["error"]["type"], "invalid_request_error");
        assert_eq!(problem["error"]["message"], problem["title"]);
        assert!(!problem.to_string().contains("secret"), "details are for the log");
    }

    #[test]
    fn what_is_told_to_the_sender_stays_inside() {
        let failure = Failure::new(Code::REQUEST_ROUTE).telling("GET /secret is none.");
        let problem: Value = serde_json::from_str(&inner(&failure)).unwrap();
        assert_eq!(problem["detail"], "GET /secret is none.");
        assert_eq!(problem["error"]["message"], format!("{} GET /secret is none.", Code::REQUEST_ROUTE.sentence()));
        assert!(!outer(&failure).contains("secret") && !failure.to_string().contains("secret"));
    }

    #[test]
    fn what_a_client_may_act_on_has_its_registered_type() {
        let kind = |code| serde_json::from_str::<Value>(&outer(&Failure::new(code))).unwrap()["type"].clone();
        assert_eq!(kind(Code::CHANNEL_KEY_UNKNOWN), "https://iana.org/assignments/http-problem-types#ohttp-key");
        assert_eq!(kind(Code::CHANNEL_DECRYPT), "https://iana.org/assignments/http-problem-types#ohttp-key");
        assert_eq!(kind(Code::REQUEST_DATE), "https://iana.org/assignments/http-problem-types#date");
        assert_eq!(kind(Code::CHANNEL_REPLAYED), "about:blank");
    }
}
