//! Which header fields of a request reach the upstream (PROTOCOL.md §11): those of a list. All others end at the gateway, because a
//! server or a proxy behind it may take an unknown field for a command, an identity or a credential.

use blindllama_verifier::Code;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::headers::drop_hop_by_hop;
use crate::failure::Failure;

/// Fields that describe the content, the answer that is wanted or the version of the interface. Sorted.
const PASSED: [&str; 19] = [
    "accept",
    "accept-language",
    "anthropic-beta",
    "anthropic-version",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "openai-beta",
    "prefer",
    "range",
    "traceparent",
    "tracestate",
    "user-agent",
];

/// Fields that name the account of a request: the client's own, unless the gateway has a key. Sorted.
pub const CREDENTIALS: [&str; 5] = ["api-key", "authorization", "openai-organization", "openai-project", "x-api-key"];

/// Fields that no setting adds: they belong to a connection or to the channel, say who asks, or change what is asked for. Sorted.
const NEVER: [&str; 28] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "idempotency-key",
    "incremental",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

const NEVER_PREFIXES: [&str; 2] = ["blindllama-", "x-forwarded-"];

fn is_in(list: &[&str], name: &HeaderName) -> bool {
    list.binary_search(&name.as_str()).is_ok()
}

/// Whether the operator may add `name`, a lower-case field name, to the list; `has_key` says whether the gateway has a key of its own.
#[must_use]
pub fn may_be_added(name: &HeaderName, has_key: bool) -> bool {
    let leads_astray = is_in(&NEVER, name) || NEVER_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    let competes = has_key && is_in(&CREDENTIALS, name);
    !(leads_astray || competes)
}

/// The fields that the upstream gets: those of the list and those that the operator `added`. `api_key` takes the place of the
/// client's credentials.
///
/// # Errors
/// `gateway.internal` for a key that is no field value, which the checks of the configuration rule out.
pub fn for_upstream(mut fields: HeaderMap, api_key: Option<&str>, added: &[HeaderName]) -> Result<HeaderMap, Failure> {
    drop_hop_by_hop(&mut fields);
    let passes = |name: &HeaderName| {
        is_in(&PASSED, name) || added.contains(name) || (api_key.is_none() && is_in(&CREDENTIALS, name))
    };
    let ended: Vec<HeaderName> = fields.keys().filter(|name| !passes(name)).cloned().collect();
    for name in ended {
        fields.remove(name);
    }
    // HTTP/2 keeps the values of other fields in a table, as long as the connection is in use (RFC 7541 §7.1.3).
    for (_, value) in fields.iter_mut().filter(|(name, _)| !is_in(&PASSED, name)) {
        value.set_sensitive(true);
    }
    if let Some(key) = api_key {
        let value = HeaderValue::try_from(format!("Bearer {key}"));
        let mut value = value.map_err(|_| Failure::with(Code::GATEWAY_INTERNAL, "upstream.api_key"))?;
        value.set_sensitive(true);
        fields.insert(AUTHORIZATION, value);
    }
    // The inner stream is cut at its events; a compressed one has none that the gateway could see.
    fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    /// The names of `sent` that reach the upstream, sorted.
    fn passed(sent: &[&'static str], api_key: Option<&str>, added: &[HeaderName]) -> Vec<String> {
        let sent: Vec<_> = sent.iter().map(|name| (*name, "1")).collect();
        let left = for_upstream(fields(&sent), api_key, added).unwrap();
        let mut names: Vec<_> = left.keys().map(|name| name.as_str().to_owned()).collect();
        names.retain(|name| name != "accept-encoding");
        names.sort_unstable();
        names
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(PASSED.is_sorted() && CREDENTIALS.is_sorted() && NEVER.is_sorted());
        assert!(PASSED.iter().chain(&CREDENTIALS).all(|name| may_be_added(&HeaderName::from_static(name), false)));
    }

    #[test]
    fn what_belongs_to_a_connection_or_tells_who_asks_is_not_forwarded() {
        let sent = fields(&[
            ("accept", "text/event-stream"),
            ("connection", "close, x-named, openai-beta"),
            ("x-named", "1"),
            ("openai-beta", "1"),
            ("host", "other.example"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("cookie", "a=b"),
            ("origin", "https://chat.example"),
            ("referer", "https://chat.example/"),
            ("forwarded", "for=192.0.2.1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("idempotency-key", "0123456789012345678901"),
            ("expect", "100-continue"),
            ("accept-encoding", "br"),
            ("authorization", "Bearer client"),
        ]);
        let left = for_upstream(sent, None, &[]).unwrap();
        let expected = fields(&[
            ("accept", "text/event-stream"),
            ("accept-encoding", "identity"),
            ("authorization", "Bearer client"),
        ]);
        assert_eq!(left, expected);
    }

    #[test]
    fn a_field_that_is_not_on_the_list_is_not_forwarded() {
        let astray = [
            "x-real-ip",
            "x-original-url",
            "x-rewrite-url",
            "x-http-method-override",
            "x-forwarded-host",
            "x_forwarded_for",
            "http2-settings",
            "x-user-id",
            "x-stainless-os",
            "x-stainless-retry-count",
            "http-referer",
            "x-title",
            "baggage",
            "proxy-authorization",
            "blindllama-code",
        ];
        assert_eq!(passed(&astray, None, &[]), [""; 0]);
        let usual = ["content-type", "accept", "openai-beta", "anthropic-version", "user-agent", "traceparent"];
        assert_eq!(passed(&usual, Some("own"), &[]).len(), usual.len() + 1, "and the key");
    }

    #[test]
    fn a_key_of_the_gateway_replaces_the_clients_credentials() {
        let sent = ["authorization", "x-api-key", "api-key", "openai-organization", "openai-project"];
        assert_eq!(passed(&sent, Some("own"), &[]), ["authorization"]);
        assert_eq!(passed(&sent, None, &[]).len(), sent.len());
        let left = for_upstream(fields(&[("authorization", "Bearer client")]), Some("own"), &[]).unwrap();
        assert_eq!(left.get_all(AUTHORIZATION).iter().collect::<Vec<_>>(), ["Bearer own"]);
    }

    #[test]
    fn what_may_be_a_secret_is_kept_in_no_table_of_a_connection() {
        let session = HeaderName::from_static("x-session-affinity");
        let sent = fields(&[
            ("x-api-key", "1"),
            ("authorization", "Bearer 1"),
            ("x-session-affinity", "1"),
            ("accept", "*/*"),
        ]);
        let left = for_upstream(sent, None, &[session]).unwrap();
        let is_kept = |name: &str| !left[name].is_sensitive();
        assert_eq!(
            ["x-api-key", "authorization", "x-session-affinity", "accept"].map(is_kept),
            [false, false, false, true]
        );
        let left = for_upstream(fields(&[]), Some("own"), &[]).unwrap();
        assert!(left[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn the_operator_adds_names_and_none_that_could_lead_astray() {
        let session = HeaderName::from_static("x-session-affinity");
        assert_eq!(
            passed(&["x-session-affinity", "x-other"], None, std::slice::from_ref(&session)),
            [session.as_str()]
        );
        assert!(may_be_added(&session, true));
        for name in ["host", "cookie", "x-forwarded-for", "x-original-url", "te", "via", "blindllama-receipt"] {
            assert!(!may_be_added(&HeaderName::from_static(name), false), "{name}");
        }
        let account = HeaderName::from_static("openai-project");
        assert!(may_be_added(&account, false) && !may_be_added(&account, true));
    }
}
