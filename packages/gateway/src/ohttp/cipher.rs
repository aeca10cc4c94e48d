//! The AEAD of one message: chunk `i` has the nonce `base xor i` (RFC 9180 §5.2, draft-08 §3.2).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use zeroize::Zeroizing;

use super::hpke::AeadId;

/// Nn of every AEAD in use, in bytes.
pub(super) const NONCE: usize = 12;

/// Key and counter of one direction of one message.
pub(super) struct ChunkCipher {
    key: LessSafeKey,
    base: Zeroizing<[u8; NONCE]>,
    /// Chunks so far.
    chunks: u64,
}

impl ChunkCipher {
    /// From the beginnings of `key` and `nonce`, as long as the AEAD needs them; None where they are shorter.
    pub(super) fn new(id: AeadId, key: &[u8], nonce: &[u8]) -> Option<Self> {
        let algorithm = match id {
            AeadId::Aes128Gcm => &aead::AES_128_GCM,
            AeadId::Aes256Gcm => &aead::AES_256_GCM,
            AeadId::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, key.get(..id.key_length())?).ok()?;
        Some(Self { key: LessSafeKey::new(key), base: Zeroizing::new(*nonce.first_chunk()?), chunks: 0 })
    }

    /// Seals the next chunk in place. None when no nonce is left.
    pub(super) fn seal(&mut self, aad: &[u8], chunk: &mut [u8]) -> Option<Tag> {
        let nonce = self.next_nonce()?;
        self.key.seal_in_place_separate_tag(nonce, Aad::from(aad), chunk).ok()
    }

    /// Opens the next chunk in place; returns the length of its plaintext. None for a chunk that was not sealed as the next one, whose
    /// bytes must not be used.
    pub(super) fn open(&mut self, aad: &[u8], chunk: &mut [u8]) -> Option<usize> {
        let nonce = self.next_nonce()?;
        self.key.open_in_place(nonce, Aad::from(aad), chunk).ok().map(|plaintext| plaintext.len())
    }

    fn next_nonce(&mut self) -> Option<Nonce> {
        let mut nonce = *self.base;
        for (byte, counter) in nonce.iter_mut().rev().zip(self.chunks.to_be_bytes().iter().rev()) {
            *byte ^= counter;
        }
        self.chunks = self.chunks.checked_add(1)?;
        Some(Nonce::assume_unique_for_key(nonce))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher() -> ChunkCipher {
        ChunkCipher::new(AeadId::Aes128Gcm, &[1; 32], &[7; 32]).unwrap()
    }

    #[test]
    fn nonces_count_in_the_last_bytes() {
        let mut cipher = cipher();
        cipher.chunks = 0x0102;
        let nonce = *cipher.next_nonce().unwrap().as_ref();
        assert_eq!(nonce[..10], [7; 10]);
        assert_eq!([nonce[10] ^ 7, nonce[11] ^ 7], [1, 2]);
    }

    #[test]
    fn counting_stops_before_a_nonce_repeats() {
        let mut cipher = cipher();
        cipher.chunks = u64::MAX;
        assert!(cipher.seal(b"", &mut [0]).is_none());
    }

    #[test]
    fn a_chunk_opens_in_its_place_alone() {
        let (mut sealer, mut chunks) = (cipher(), Vec::new());
        for text in [b"first", b"other"] {
            let mut chunk = text.to_vec();
            let tag = sealer.seal(b"", &mut chunk).unwrap();
            chunk.extend(tag.as_ref());
            chunks.push(chunk);
        }
        assert!(cipher().open(b"", &mut chunks[1].clone()).is_none());
        assert!(cipher().open(b"final", &mut chunks[0].clone()).is_none());
        let mut opener = cipher();
        assert_eq!(chunks.iter_mut().map(|chunk| opener.open(b"", chunk)).collect::<Vec<_>>(), [Some(5), Some(5)]);
        assert_eq!((&chunks[0][..5], &chunks[1][..5]), (&b"first"[..], &b"other"[..]));
    }

    #[test]
    fn a_key_or_nonce_that_is_too_short_makes_no_cipher() {
        assert!(ChunkCipher::new(AeadId::Aes256Gcm, &[1; 31], &[7; 12]).is_none());
        assert!(ChunkCipher::new(AeadId::Aes256Gcm, &[1; 32], &[7; 11]).is_none());
    }
}
