//! Integers as texts give them: the one decimal form of each.

/// The value of decimal digits without a leading zero; None for anything else, and for what 64 bits do not hold.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    let is_canonical = matches!(digits, [b'0'] | [b'1'..=b'9', ..]);
    let mut value = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit & 0x0f))?;
    }
    is_canonical.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn reads_every_integer_of_64_bits_in_its_one_form() {
        for (text, value) in [("0", 0), ("7", 7), ("10", 10), ("18446744073709551615", u64::MAX)] {
            assert_eq!(decimal(text.as_bytes()), Some(value));
        }
        for text in
            ["", "00", "07", "+7", "-7", " 7", "7 ", "0x7", "7e1", "18446744073709551616", "99999999999999999999"]
        {
            assert_eq!(decimal(text.as_bytes()), None, "{text:?}");
        }
    }
}
