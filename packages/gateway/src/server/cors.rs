//! Which pages may read answers (WHATWG Fetch, "CORS protocol"). The browser enforces it; attestation does not depend on it.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::config::Origins;

/// Whether pages of the request's `origin` may call; true for requests that name none.
pub(super) fn allows(origins: &Origins, origin: Option<&HeaderValue>) -> bool {
    let Some(origin) = origin else { return true };
    match origins {
        Origins::Any => true,
        Origins::Listed(listed) => listed.iter().any(|known| origin == known.as_str()),
    }
}

/// Lets the page read the answer, where its origin is allowed to, and when to ask again.
pub(super) fn permit(origins: &Origins, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
    if answer.contains_key(RETRY_AFTER) {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    if *origins == Origins::Any {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return;
    }
    answer.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| allows(origins, origin)) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

/// What a preflight allows, for as long as browsers remember it: one URL and one media type, so one preflight serves all requests.
pub(super) fn preflight(answer: &mut HeaderMap) {
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, incremental"));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(origins: &Origins, origin: &'static str) -> HeaderMap {
        let mut answer = HeaderMap::new();
        permit(origins, Some(&HeaderValue::from_static(origin)), &mut answer);
        answer
    }

    #[test]
    fn a_listed_origin_is_named_and_another_is_not() {
        let listed = Origins::Listed(vec!["https://chat.example".into()]);
        let answer = permitted(&listed, "https://chat.example");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "https://chat.example");
        assert_eq!(answer[VARY], "origin");
        for other in ["https://chat.example.evil", "http://chat.example", "https://chat.example:8443", "null"] {
            assert!(!allows(&listed, Some(&HeaderValue::from_static(other))), "{other}");
            let answer = permitted(&listed, other);
            assert!(!answer.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{other}");
            assert_eq!(answer[VARY], "origin");
        }
    }

    #[test]
    fn any_origin_is_any_without_credentials() {
        let answer = permitted(&Origins::Any, "https://somewhere.example");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(answer.len(), 1, "never access-control-allow-credentials");
    }

    #[test]
    fn a_page_may_read_when_to_ask_again() {
        let mut answer = HeaderMap::new();
        answer.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        permit(&Origins::Any, Some(&HeaderValue::from_static("https://chat.example")), &mut answer);
        assert_eq!(answer[ACCESS_CONTROL_EXPOSE_HEADERS], "retry-after");
    }
}
