//! RFC 4648 §5 without padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        // Missing bytes are zero bits, and each of them is a character less.
        let missing = 3_usize.saturating_sub(group.len());
        let bits = bits << missing.saturating_mul(8);
        let digits = [18, 12, 6, 0].map(|shift| (bits >> shift) & 0x3f);
        let characters = digits.iter().filter_map(|digit| ALPHABET.get(*digit as usize));
        text.extend(characters.take(4_usize.saturating_sub(missing)).map(|character| char::from(*character)));
    }
    text
}

/// Reads 32 bytes: 43 characters, the last two bits zero.
#[must_use]
pub fn decode_32(text: &[u8]) -> Option<[u8; 32]> {
    decode(text)?.try_into().ok()
}

/// Reads any number of bytes; the spare bits of the last character are zero.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().map(|character| sextet(*character)).collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, digit| (bits << 6) | u32::from(*digit));
        match group {
            [_, _, _, _] => bytes.extend(bits.to_be_bytes().get(1..)?),
            [_, _, _] if bits & 3 == 0 => bytes.extend((bits >> 2).to_be_bytes().get(2..)?),
            [_, _] if bits & 15 == 0 => bytes.push(u8::try_from(bits >> 4).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn sextet(character: u8) -> Option<u8> {
    ALPHABET.iter().position(|known| *known == character).and_then(|position| u8::try_from(position).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn counting() -> [u8; 32] {
        std::array::from_fn(|i| i as u8)
    }

    #[test]
    fn spare_bits_that_are_not_zero_are_refused() {
        for last in "9-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567".bytes().filter(|c| *c != b'8') {
            let text = [&COUNTING.as_bytes()[..42], &[last]].concat();
            assert_eq!(decode_32(&text).is_some(), sextet(last).unwrap().is_multiple_of(4), "{last}");
        }
        assert_eq!(decode_32(COUNTING.as_bytes()), Some(counting()));
    }

    #[test]
    fn another_length_or_alphabet_is_refused() {
        for text in ["", &COUNTING[1..], &format!("{COUNTING}A"), &format!("{COUNTING}="), &COUNTING.replace('A', "+")]
        {
            assert_eq!(decode_32(text.as_bytes()), None, "{text}");
        }
    }

    /// RFC 4648 §10, without the padding.
    #[test]
    fn writes_the_examples_of_rfc_4648() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()), Some(bytes.as_bytes().to_vec()));
        }
        for text in ["Z", "Zh", "Zm9", "Zm9vY", "Zg=="] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(encode(&counting()), COUNTING);
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }
}
