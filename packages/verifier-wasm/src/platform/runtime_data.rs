//! What the firmware of Azure's confidential machines says of its keys: a JWK Set (RFC 7517) and more.

use alloc::string::String;

use crate::{
    Code,
    json::{
        documents::{Documents, Flaw, Kind},
        item::Item,
    },
};

const RUNTIME_DATA: Kind = Kind { name: "", syntax: Code::PLATFORM_RUNTIME_DATA, invalid: Code::PLATFORM_RUNTIME_DATA };

/// `n` of the one key of the identifier `HCLAkPub`, RSA with the exponent 65537; None where there is none, or several.
pub(super) fn attestation_key(text: &[u8]) -> Option<String> {
    RUNTIME_DATA.read(text, &Documents::default(), |data| named_key(data.required("keys"))).ok()
}

fn named_key<'d>(keys: &'d Item<'d>) -> String {
    let mut named = None;
    for key in keys.each(1, usize::MAX) {
        if has(key, "kid", "HCLAkPub") {
            keys.ensure(named.is_none(), Flaw::Invalid);
            named = Some(key);
        }
    }
    let key = named.unwrap_or(keys);
    key.ensure(has(key, "kty", "RSA") && has(key, "e", "AQAB"), Flaw::Invalid);
    key.required("n").text().into()
}

fn has<'d>(key: &'d Item<'d>, member: &str, text: &str) -> bool {
    key.optional(member).is_some_and(|item| item.is(text))
}

/// RFC 4648 §5, without padding.
pub(super) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits: u32 = 0;
        for (byte, shift) in chunk.iter().zip([16, 8, 0]) {
            bits |= u32::from(*byte) << shift;
        }
        for shift in [18, 12, 6, 0].iter().take(chunk.len().saturating_add(1)) {
            text.push(digit((bits >> shift) as u8 & 0x3f));
        }
    }
    text
}

fn digit(sextet: u8) -> char {
    char::from(match sextet {
        0..26 => b'A'.wrapping_add(sextet),
        26..52 => b'a'.wrapping_sub(26).wrapping_add(sextet),
        52..62 => b'0'.wrapping_sub(52).wrapping_add(sextet),
        62 => b'-',
        _ => b'_',
    })
}
