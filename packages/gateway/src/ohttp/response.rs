//! Seals a response, chunk by chunk (draft-08 §3.2).
//!
//! ```text
//! response = response_nonce(max(Nn, Nk)) || chunk* || finalChunk
//! prk      = Extract(salt = enc || response_nonce, secret)
//! key      = Expand(prk, "key", Nk)      nonce = Expand(prk, "nonce", Nn)      chunk i: nonce xor i
//! ```

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use blindllama_verifier::Code;
use bytes::{BufMut, Bytes, BytesMut};
use zeroize::Zeroizing;

use super::hpke::{AeadId, Context};
use super::{CHUNK_PLAINTEXT, FINAL, TAG};
use crate::failure::Failure;
use crate::varint;

const NONCE: usize = 12;

/// Tag and longest length prefix of a chunk, in bytes.
const OVERHEAD: usize = TAG + 4;

/// The sealing half of one response. [`Sealer::seal_final`] consumes it: a message has one end.
pub struct Sealer {
    key: LessSafeKey,
    nonce: Zeroizing<[u8; NONCE]>,
    chunks: u64,
    preamble: BytesMut,
}

impl Sealer {
    /// Derives the response keys with a fresh random response nonce.
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn new(context: &Context, encapsulated: &[u8]) -> Result<Self, Failure> {
        let mut response_nonce = vec![0; context.aead().key_length().max(NONCE)];
        crate::random::fill(&mut response_nonce)?;
        Self::derive(context.aead(), &context.response_secret()?, encapsulated, &response_nonce)
            .ok_or(Failure::new(Code::GATEWAY_INTERNAL))
    }

    pub(crate) fn derive(id: AeadId, secret: &[u8], encapsulated: &[u8], response_nonce: &[u8]) -> Option<Self> {
        let algorithm = match id {
            AeadId::Aes128Gcm => &aead::AES_128_GCM,
            AeadId::Aes256Gcm => &aead::AES_256_GCM,
            AeadId::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
        };
        let salt = [encapsulated, response_nonce].concat();
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(secret);
        let mut key = Zeroizing::new(vec![0; id.key_length()]);
        expand(&prk, b"key", &mut key)?;
        let mut nonce = Zeroizing::new([0; NONCE]);
        expand(&prk, b"nonce", nonce.as_mut_slice())?;
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &key).ok()?);
        Some(Self { key, nonce, chunks: 0, preamble: BytesMut::from(response_nonce) })
    }

    /// Seals the concatenation of `parts`, at most [`CHUNK_PLAINTEXT`] bytes, as the next chunk. The first chunk carries the
    /// response nonce in front.
    ///
    /// # Errors
    /// `gateway.internal` for a chunk that the other side would have to refuse.
    pub fn seal(&mut self, parts: &[&[u8]]) -> Result<Bytes, Failure> {
        let length = length(parts);
        if length == 0 || length > CHUNK_PLAINTEXT {
            return Err(Failure::new(Code::GATEWAY_INTERNAL));
        }
        self.frame(length.saturating_add(TAG), parts, &[])
    }

    /// Seals the end of the message.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_final(mut self, parts: &[&[u8]]) -> Result<Bytes, Failure> {
        if length(parts) > CHUNK_PLAINTEXT {
            return Err(Failure::new(Code::GATEWAY_INTERNAL));
        }
        self.frame(0, parts, FINAL)
    }

    fn frame(&mut self, announced: usize, parts: &[&[u8]], aad: &[u8]) -> Result<Bytes, Failure> {
        let mut out = std::mem::take(&mut self.preamble);
        out.reserve(length(parts).saturating_add(OVERHEAD));
        varint::encode(announced, &mut out);
        let start = out.len();
        for part in parts {
            out.put_slice(part);
        }
        let nonce = self.next_nonce();
        let tag = nonce
            .zip(out.get_mut(start..))
            .and_then(|(nonce, chunk)| self.key.seal_in_place_separate_tag(nonce, Aad::from(aad), chunk).ok());
        out.put_slice(tag.ok_or(Failure::new(Code::GATEWAY_INTERNAL))?.as_ref());
        Ok(out.freeze())
    }

    fn next_nonce(&mut self) -> Option<Nonce> {
        let mut nonce = *self.nonce;
        for (byte, counter) in nonce.iter_mut().rev().zip(self.chunks.to_be_bytes().iter().rev()) {
            *byte ^= counter;
        }
        self.chunks = self.chunks.checked_add(1)?;
        Some(Nonce::assume_unique_for_key(nonce))
    }
}

fn length(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// `Expand` of HKDF (RFC 5869 §2.3) without HPKE's labels, as RFC 9458 §4.4 has it.
fn expand(prk: &hkdf::Prk, info: &[u8], out: &mut [u8]) -> Option<()> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    prk.expand(&[info], Length(out.len())).ok()?.fill(out).ok()
}

#[cfg(test)]
mod tests;
