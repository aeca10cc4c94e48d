//! What the firmware of Azure's confidential machines says of its keys: a JWK Set (RFC 7517) and more.

use alloc::string::String;

use crate::json::reader::{Json, parse};

/// `n` of the one key of the identifier `HCLAkPub`, RSA with the exponent 65537; None where there is none, or several.
pub(super) fn attestation_key(text: &[u8]) -> Option<String> {
    let data = parse(text).ok()?;
    let Json::Array(keys) = member(&data, "keys")? else { return None };
    let is_named = |key: &&Json| has(key, "kid", "HCLAkPub");
    let objects = keys.iter().all(|key| matches!(key, Json::Object(_)));
    let mut named = keys.iter().filter(is_named);
    let key = named.next().filter(|_| objects && named.next().is_none())?;
    match member(key, "n")? {
        Json::String(n) if has(key, "kty", "RSA") && has(key, "e", "AQAB") => Some(n.clone()),
        _ => None,
    }
}

fn member<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    let Json::Object(members) = value else { return None };
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn has(value: &Json, name: &str, text: &str) -> bool {
    matches!(member(value, name), Some(Json::String(found)) if found == text)
}

/// RFC 4648 §5, without padding.
pub(super) fn base64url(bytes: &[u8]) -> String {
    let digit = |sextet: u32| {
        let sextet = (sextet & 0x3f) as u8;
        char::from(match sextet {
            0..26 => b'A'.wrapping_add(sextet),
            26..52 => b'a'.wrapping_sub(26).wrapping_add(sextet),
            52..62 => b'0'.wrapping_sub(52).wrapping_add(sextet),
            62 => b'-',
            _ => b'_',
        })
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0, |bits: u32, byte| bits << 8 | u32::from(*byte));
        text.extend([18, 12, 6, 0].into_iter().take(chunk.len().saturating_add(1)).map(|shift| digit(bits >> shift)));
    }
    text
}
