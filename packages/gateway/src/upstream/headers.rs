//! Fields that end at the gateway in either direction, and which fields of an answer pass (PROTOCOL.md §11).

use http::header::{
    CONNECTION, CONTENT_LENGTH, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName};

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

/// Fields of an answer that end at the gateway.
const NOT_RETURNED: [HeaderName; 4] = [CODE_FIELD, CONTENT_LENGTH, RECEIPT_FIELD, SET_COOKIE];

pub(super) fn drop_hop_by_hop(fields: &mut HeaderMap) {
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

/// The fields that the client gets.
pub fn for_client(fields: &mut HeaderMap) {
    drop_hop_by_hop(fields);
    for name in &NOT_RETURNED {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
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
