//! Bytes as text.

/// RFC 4648 §8, small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4648 §5, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)).collect();
    let sextet =
        |bits: &[u8]| bits.iter().chain(&[0; 6]).take(6).fold(0_usize, |value, bit| value << 1 | usize::from(*bit));
    bits.chunks(6).map(|chunk| char::from(DIGITS[sextet(chunk)])).collect()
}

/// RFC 4648 §4.
pub fn base64(bytes: &[u8]) -> String {
    let text = base64url(bytes).replace('-', "+").replace('_', "/");
    let padding = "=".repeat(text.len().next_multiple_of(4) - text.len());
    text + &padding
}
