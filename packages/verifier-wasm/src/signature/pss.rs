//! EMSA-PSS (RFC 8017 §9.1), with MGF1 over the hash of the message.

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
    let at = rest.len().checked_sub(hash.digest_length());
    let Some((masked, hashed)) = at.and_then(|at| rest.split_at_checked(at)) else { return false };
    // Step 6
    if masked.first().is_none_or(|first| first & 0x80 != 0) {
        return false;
    }
    // Steps 7 to 9
    let mut block = masked.to_vec();
    unmask(&mut block, hash, hashed);
    if let Some(first) = block.first_mut() {
        *first &= 0x7f;
    }
    // Step 10: zeros, 01, and what is left is the salt.
    let mut salt = block.as_slice();
    while let [0, rest @ ..] = salt {
        salt = rest;
    }
    let [1, salt @ ..] = salt else { return false };
    // Steps 12 to 14
    salts.contains(&salt.len()) && hash.digest(&[&[0; 8], digest, salt]) == hashed
}

/// Adds to `block` as many bytes of MGF1 (§B.2.1).
fn unmask(block: &mut [u8], hash: HashAlgorithm, seed: &[u8]) {
    let mut counter: u32 = 0;
    for chunk in block.chunks_mut(hash.digest_length()) {
        let mask = hash.digest(&[seed, &counter.to_be_bytes()]);
        for (byte, mask) in chunk.iter_mut().zip(&mask) {
            *byte ^= mask;
        }
        counter = counter.wrapping_add(1);
    }
}
