//! Variable-length integers of RFC 9000 §16.

use bytes::BufMut;

/// Reads the integer at the start of `bytes`.
///
/// Returns its value and its length in bytes, or `None` while `bytes` does not hold all of it. Any of the four lengths is
/// accepted for any value.
#[must_use]
pub fn peek(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1_usize << (first >> 6);
    let value =
        bytes.get(1..length)?.iter().fold(u64::from(first & 0x3f), |value, byte| (value << 8) | u64::from(*byte));
    Some((value, length))
}

/// Bytes that [`encode`] appends for `value`.
#[must_use]
pub const fn length(value: usize) -> usize {
    match value {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        0x4000..=0x3fff_ffff => 4,
        _ => 8,
    }
}

/// Appends `value` to `out` in the shortest form; values of 2^62 and above do not exist on this wire and are cut to it.
pub fn encode(value: usize, out: &mut impl BufMut) {
    let value = value as u64;
    match value {
        0..=0x3f => out.put_u8(value as u8),
        0x40..=0x3fff => out.put_u16(value as u16 | 0x4000),
        0x4000..=0x3fff_ffff => out.put_u32(value as u32 | 0x8000_0000),
        _ => out.put_u64(value | 0xc000_0000_0000_0000),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_the_examples_of_rfc_9000_appendix_a_1() {
        assert_eq!(peek(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]), Some((151_288_809_941_952_652, 8)));
        assert_eq!(peek(&[0x9d, 0x7f, 0x3e, 0x7d]), Some((494_878_333, 4)));
        assert_eq!(peek(&[0x7b, 0xbd]), Some((15_293, 2)));
        assert_eq!(peek(&[0x25]), Some((37, 1)));
        assert_eq!(peek(&[0x40, 0x25]), Some((37, 2)), "a longer form than needed is legal");
    }

    #[test]
    fn waits_for_the_rest_of_a_split_integer() {
        for bytes in [&[][..], &[0x40], &[0x80, 0, 0], &[0xc0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(peek(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn writes_the_shortest_form_on_both_sides_of_each_boundary() {
        for (value, length) in [(0, 1), (63, 1), (64, 2), (16_383, 2), (16_384, 4), (1 << 29, 4), (1 << 30, 8)] {
            let mut out = Vec::new();
            encode(value, &mut out);
            assert_eq!(out.len(), length, "{value}");
            assert_eq!(peek(&out), Some((value as u64, length)));
        }
    }
}
