//! What a request inside must keep to before it is run (PROTOCOL.md §11).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blindllama_verifier::Code;
use http::header::DATE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::idempotency::{ClaimedKey, IdempotencyKeys, is_key};
use crate::bhttp::RequestHead;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::upstream::headers::IDEMPOTENCY_KEY;
use crate::upstream::request_fields::CREDENTIALS;
use crate::upstream::routes::{Route, is_realtime};

const SCHEME: &str = "https";
const AUTHORITY: &str = "ohttp.invalid";

/// The rules of one gateway, and its memory of what was run.
pub(super) struct Admission {
    routes: Vec<Route>,
    date_window_ms: u64,
    keys: Arc<IdempotencyKeys>,
    clock: Arc<dyn Clock>,
}

impl Admission {
    pub(super) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            routes: config.upstream.routes.clone(),
            date_window_ms: config.date_window_ms,
            keys: IdempotencyKeys::new(config.idempotency_capacity, config.date_window_ms, Arc::clone(&clock)),
            clock,
        }
    }

    /// Checks authority, route and date: everything that leaves a request as if it had never come.
    pub(super) fn check(&self, head: &RequestHead) -> Result<(), Failure> {
        if head.scheme != SCHEME || head.authority != AUTHORITY {
            return Err(Failure::new(Code::REQUEST_AUTHORITY));
        }
        if is_realtime(&head.path) {
            return Err(Failure::new(Code::REQUEST_REALTIME));
        }
        if !self.routes.iter().any(|route| route.admits(&head.method, &head.path)) {
            return Err(no_route(head));
        }
        let date = date(&head.fields).ok_or(Failure::new(Code::REQUEST_DATE))?;
        if date.abs_diff(self.clock.wall_ms()) > self.date_window_ms {
            return Err(Failure::new(Code::REQUEST_DATE));
        }
        Ok(())
    }

    /// Takes the request's idempotency key: it counts as run from here on. None for a GET, whose repetition changes nothing: it takes no
    /// room from those that do.
    pub(super) fn take(&self, method: &Method, fields: &HeaderMap) -> Result<Option<ClaimedKey>, Failure> {
        let key = only(fields, &IDEMPOTENCY_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or(Failure::new(Code::REQUEST_IDEMPOTENCY_KEY))?;
        if *method == Method::GET {
            return Ok(None);
        }
        let date = date(fields).ok_or(Failure::new(Code::REQUEST_DATE))?;
        self.keys.take(&scoped(key, fields), date).map(Some)
    }

    /// The gateway's own date, by which a client corrects its clock.
    pub(super) fn date(&self) -> HeaderValue {
        let now = UNIX_EPOCH.checked_add(Duration::from_millis(self.clock.wall_ms()));
        let text = httpdate::fmt_http_date(now.unwrap_or_else(SystemTime::now));
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The key together with the credentials of the request, each part with its length before it: whoever does not have them neither meets the
/// key nor learns of the request.
fn scoped(key: &HeaderValue, fields: &HeaderMap) -> Vec<u8> {
    let mut scoped = Vec::new();
    let mut push = |part: &[u8]| {
        scoped.extend((part.len() as u64).to_be_bytes());
        scoped.extend(part);
    };
    push(key.as_bytes());
    for name in CREDENTIALS {
        for value in fields.get_all(name) {
            push(name.as_bytes());
            push(value.as_bytes());
        }
    }
    scoped
}

/// The refusal of a route, which names it: without that, a wrong base URL shows nowhere.
pub(super) fn no_route(head: &RequestHead) -> Failure {
    const LONGEST: usize = 200;
    let asked: String = format!("{} {}", head.method, head.path).chars().take(LONGEST).collect();
    Failure::new(Code::REQUEST_ROUTE).telling(format!("{asked} is none of its routes."))
}

/// The date of a request, in milliseconds since 1970.
fn date(fields: &HeaderMap) -> Option<u64> {
    only(fields, &DATE).and_then(milliseconds)
}

/// The value of a field that stands exactly once.
fn only<'a>(fields: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = fields.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// An IMF-fixdate (RFC 9110 §5.6.7) in milliseconds since 1970; None for the obsolete forms too.
fn milliseconds(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?;
    let date = httpdate::parse_http_date(text).ok().filter(|date| httpdate::fmt_http_date(*date) == text)?;
    u64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form() {
        let read = |text| milliseconds(&HeaderValue::from_static(text));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        for other in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "784111777",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_field_that_stands_twice_counts_as_missing() {
        let mut fields = HeaderMap::new();
        assert_eq!(only(&fields, &DATE), None);
        fields.append(DATE, HeaderValue::from_static("a"));
        assert_eq!(only(&fields, &DATE).unwrap(), "a");
        fields.append(DATE, HeaderValue::from_static("a"));
        assert_eq!(only(&fields, &DATE), None);
    }

    #[test]
    fn a_key_is_another_one_beside_other_credentials() {
        let key = HeaderValue::from_static("0123456789012345678901");
        let scope = |lines: &[(&'static str, &'static str)]| {
            let line = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
            scoped(&key, &lines.iter().map(line).collect())
        };
        let scopes = [
            scope(&[]),
            scope(&[("authorization", "Bearer a")]),
            scope(&[("authorization", "Bearer b")]),
            scope(&[("x-api-key", "Bearer a")]),
            scope(&[("authorization", "Bearer a"), ("openai-project", "1")]),
            scope(&[("authorization", "Bearer a"), ("openai-organization", "1")]),
            scope(&[("api-key", "")]),
        ];
        let distinct: std::collections::HashSet<_> = scopes.iter().collect();
        assert_eq!(distinct.len(), scopes.len());
        assert_eq!(scope(&[("authorization", "Bearer a"), ("accept", "1")]), scopes[1], "and nothing but credentials");
    }
}
