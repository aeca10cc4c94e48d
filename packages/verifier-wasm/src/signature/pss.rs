//! EMSA-PSS (RFC 8017 §9.1), with MGF1 over the hash of the message.

use alloc::vec::Vec;

use crate::hash::HashAlgorithm;

/// The longest salt that an encoded message of `length` bytes has room for (§9.1.1, step 3).
pub(super) const fn largest_salt(hash: HashAlgorithm, length: usize) -> usize {
    length.saturating_sub(hash.digest_length()).saturating_sub(2)
}

/// EMSA-PSS-VERIFY (§9.1.2) for a modulus of whole bytes, so that one bit of the encoded message is unused: whether it encodes
/// `digest` with a salt of one of the lengths.
pub(super) fn verifies(hash: HashAlgorithm, digest: &[u8], encoded: &[u8], salts: &[usize]) -> bool {
    // Steps 3, 4 and 5
    let Some((&0xbc, rest)) = encoded.split_last() else { return false };
    let Some(at) = rest.len().checked_sub(hash.digest_length()) else { return false };
    let (masked, hashed) = rest.split_at(at);
    // Step 6
    if masked.first().is_none_or(|first| first & 0x80 != 0) {
        return false;
    }
    // Steps 7 to 9
    let mut block: Vec<u8> = masked.iter().zip(mgf1(hash, hashed, at)).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = block.first_mut() {
        *first &= 0x7f;
    }
    // Step 10: zeros, 01, and what is left is the salt.
    let padding = block.iter().take_while(|byte| **byte == 0).count();
    let Some((1, salt)) = block.get(padding..).and_then(<[u8]>::split_first) else { return false };
    // Steps 12 to 14
    salts.contains(&salt.len()) && hash.digest([&[0; 8], digest, salt]) == hashed
}

/// MGF1 (§B.2.1): at least `length` bytes.
fn mgf1(hash: HashAlgorithm, seed: &[u8], length: usize) -> impl Iterator<Item = u8> {
    let blocks = length.div_ceil(hash.digest_length()) as u32;
    (0..blocks).flat_map(move |counter| hash.digest([seed, &counter.to_be_bytes()[..]]))
}
