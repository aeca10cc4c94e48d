//! Field lines (RFC 9292 §3.6, RFC 9110 §5).

use blindllama_verifier::Code;
use http::{HeaderName, HeaderValue};

use crate::failure::Failure;

/// Checks one field line: a name of lower-case token characters, a value without control characters and without white space
/// around it. Pseudo-fields and connection control of HTTP/1.1 cannot pass for anything else this way.
pub(super) fn line(name: &[u8], value: &[u8]) -> Result<(HeaderName, HeaderValue), Failure> {
    let refused = || Failure::new(Code::REQUEST_FIELD);
    // `HeaderName` takes a quotation mark, which is no character of a token.
    if !name.iter().all(|byte| is_token(*byte)) {
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

/// RFC 9110 §5.6.2, in the lower case that RFC 9292 §3.6 asks for.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::line;

    /// Delimiters (RFC 9110 §5.6.2), capitals, white space, controls, and what is not ASCII.
    fn is_refused(byte: u8) -> bool {
        b"\"(),/:;<=>?@[\\]{}".contains(&byte) || byte.is_ascii_uppercase() || !byte.is_ascii_graphic()
    }

    #[test]
    fn a_name_is_a_token_in_lower_case() {
        for byte in 0..=255 {
            assert_eq!(line(&[b'a', byte], b"value").is_err(), is_refused(byte), "{byte:#04x}");
        }
        assert!(line(b"", b"value").is_err());
    }
}
