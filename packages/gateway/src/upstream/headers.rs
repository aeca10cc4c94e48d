//! Which header fields pass, in either direction (PROTOCOL.md §11).

use blindllama_verifier::Code;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, DATE, EXPECT, FORWARDED, HOST, ORIGIN,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::Failure;
use crate::receipt::RECEIPT_FIELD;

/// Names the code of an answer that the gateway made itself.
pub const CODE_FIELD: HeaderName = HeaderName::from_static("blindllama-code");

/// Runs a request once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Fields that belong to one connection (RFC 9110 §7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields of a request that end at the gateway.
const NOT_FORWARDED: [HeaderName; 12] = [
    // The inner stream is cut at its events; a compressed one has none that the gateway could see.
    ACCEPT_ENCODING,
    CONTENT_LENGTH,
    COOKIE,
    DATE,
    EXPECT,
    FORWARDED,
    HOST,
    IDEMPOTENCY_KEY,
    HeaderName::from_static("incremental"),
    ORIGIN,
    RECEIPT_FIELD,
    REFERER,
];

/// Fields of an answer that end at the gateway.
const NOT_RETURNED: [HeaderName; 4] = [CODE_FIELD, CONTENT_LENGTH, RECEIPT_FIELD, SET_COOKIE];

fn drop_hop_by_hop(fields: &mut HeaderMap) {
    let named: Vec<HeaderName> = fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        fields.remove(name);
    }
}

/// The fields that the upstream gets. `api_key` takes the place of the client's `authorization`.
///
/// # Errors
/// `gateway.internal` for a key that is no field value, which the checks of the configuration rule out.
pub fn for_upstream(mut fields: HeaderMap, api_key: Option<&str>) -> Result<HeaderMap, Failure> {
    drop_hop_by_hop(&mut fields);
    for name in &NOT_FORWARDED {
        fields.remove(name);
    }
    let forwarded: Vec<_> = fields.keys().filter(|name| name.as_str().starts_with("x-forwarded-")).cloned().collect();
    for name in forwarded {
        fields.remove(name);
    }
    if let Some(key) = api_key {
        let value = HeaderValue::try_from(format!("Bearer {key}"));
        let mut value = value.map_err(|_| Failure::with(Code::GATEWAY_INTERNAL, "upstream.api_key"))?;
        value.set_sensitive(true);
        fields.insert(AUTHORIZATION, value);
    }
    fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(fields)
}

/// The fields that the client gets.
pub fn for_client(fields: &mut HeaderMap) {
    drop_hop_by_hop(fields);
    for name in &NOT_RETURNED {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn what_belongs_to_a_connection_or_tells_who_asks_is_not_forwarded() {
        let sent = fields(&[
            ("accept", "text/event-stream"),
            ("connection", "close, x-named"),
            ("x-named", "1"),
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
        let left = for_upstream(sent, None).unwrap();
        let expected = fields(&[
            ("accept", "text/event-stream"),
            ("accept-encoding", "identity"),
            ("authorization", "Bearer client"),
        ]);
        assert_eq!(left, expected);
    }

    #[test]
    fn a_key_of_the_gateway_replaces_the_clients() {
        let sent = fields(&[("authorization", "Bearer client")]);
        let left = for_upstream(sent, Some("own")).unwrap();
        assert_eq!(left.get_all(AUTHORIZATION).iter().collect::<Vec<_>>(), ["Bearer own"]);
    }

    #[test]
    fn an_upstream_cannot_speak_for_the_gateway() {
        let mut answer = fields(&[
            ("content-type", "text/plain"),
            ("blindllama-code", "ok"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("set-cookie", "a=b"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
        ]);
        for_client(&mut answer);
        assert_eq!(answer, fields(&[("content-type", "text/plain")]));
    }
}
