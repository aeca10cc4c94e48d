//! Base64 with padding, one encoding of each value (RFC 4648 §4, §3.5).

use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes; None for anything that no encoder writes.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding: [&[u8]; 2] = [b"==", b"="];
    let digits = padding.iter().find_map(|padding| text.strip_suffix(*padding)).unwrap_or(text);
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in digits {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        bits = bits << 6 | value as u32;
        held = held.saturating_add(6);
        if let Some(rest) = held.checked_sub(8) {
            bytes.push((bits >> rest) as u8);
            bits &= !(u32::MAX << rest);
            held = rest;
        }
    }
    // What padding leaves over is zero.
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_the_test_vectors_of_rfc_4648() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode(b"+/+/").unwrap(), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn refuses_a_second_encoding_of_the_same_bytes() {
        for text in
            ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9-", "====", "=m9v", "Z=9v"]
        {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
