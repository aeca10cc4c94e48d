//! Lower-case hexadecimal, for people.

use std::fmt::Write;

/// `bytes` in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 32 bytes from as many pairs of lower-case digits.
#[must_use]
pub fn decode_32(text: &str) -> Option<[u8; 32]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| {
            let [high, low] = [high, low].map(|digit| match digit {
                b'0'..=b'9' | b'a'..=b'f' => char::from(*digit).to_digit(16),
                _ => None,
            });
            u8::try_from((high? << 4) | low?).ok()
        })
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let bytes: [u8; 32] = std::array::from_fn(|i| (i * 11) as u8);
        let text = hex(&bytes);
        assert_eq!(decode_32(&text), Some(bytes));
        for other in [&text[2..], &text[1..], "", &format!("{text}00"), &text.to_uppercase(), &text.replace('b', "g")] {
            assert_eq!(decode_32(other), None, "{other}");
        }
    }
}
