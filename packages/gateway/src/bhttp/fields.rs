//! Field lines (RFC 9292 §3.6, RFC 9110 §5).

use blindllama_verifier::Code;
use http::{HeaderName, HeaderValue};

use crate::failure::Failure;

/// Checks one field line: a name of lower-case token characters, a value without control characters and without white space
/// around it. Pseudo-fields and connection control of HTTP/1.1 cannot pass for anything else this way.
pub(super) fn line(name: &[u8], value: &[u8]) -> Result<(HeaderName, HeaderValue), Failure> {
    let refused = || Failure::new(Code::REQUEST_FIELD);
    if name.iter().any(u8::is_ascii_uppercase) {
        return Err(refused());
    }
    let padded = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if padded(value.first()) || padded(value.last()) {
        return Err(refused());
    }
    let name = HeaderName::from_lowercase(name).map_err(|_| refused())?;
    let value = HeaderValue::from_bytes(value).map_err(|_| refused())?;
    Ok((name, value))
}
