//! Seals a response, chunk by chunk (draft-08 §3.2). A request to another gateway is sealed the same way.
//!
//! ```text
//! response = response_nonce(max(Nn, Nk)) || chunk* || finalChunk
//! prk      = Extract(salt = enc || response_nonce, secret)
//! key      = Expand(prk, "key", Nk)      nonce = Expand(prk, "nonce", Nn)      chunk i: nonce xor i
//! ```

use blindllama_verifier::Code;
use bytes::{BufMut, BytesMut};

use super::cipher::{ChunkCipher, NONCE};
use super::hpke::{AeadId, Context};
use super::kdf::Prk;
use super::{CHUNK_PLAINTEXT, FINAL, TAG};
use crate::failure::Failure;
use crate::varint;

/// Tag and longest length prefix of a chunk, in bytes.
const OVERHEAD: usize = TAG + 4;

/// The sealing half of one message. [`Sealer::seal_final`] consumes it: a message has one end.
pub struct Sealer {
    cipher: ChunkCipher,
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
        let cipher = cipher(id, secret, encapsulated, response_nonce)?;
        Some(Self { cipher, preamble: BytesMut::from(response_nonce) })
    }

    /// The sealing half of a request, whose first chunk carries `preamble`, header and encapsulated key, in front.
    pub(super) const fn of_request(cipher: ChunkCipher, preamble: BytesMut) -> Self {
        Self { cipher, preamble }
    }

    /// Seals the concatenation of `parts`, at most [`CHUNK_PLAINTEXT`] bytes, as the next chunk, and appends it to `out`. The first chunk
    /// carries the response nonce, or header and encapsulated key of a request, in front.
    ///
    /// # Errors
    /// `gateway.internal` for a chunk that the other side would have to refuse; what is in `out` must then not be sent.
    pub fn seal(&mut self, parts: &[&[u8]], out: &mut BytesMut) -> Result<(), Failure> {
        let length = length(parts);
        if length == 0 || length > CHUNK_PLAINTEXT {
            return Err(Failure::new(Code::GATEWAY_INTERNAL));
        }
        self.frame(length.saturating_add(TAG), parts, &[], out)
    }

    /// Seals the end of the message and appends it to `out`.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_final(mut self, parts: &[&[u8]], out: &mut BytesMut) -> Result<(), Failure> {
        if length(parts) > CHUNK_PLAINTEXT {
            return Err(Failure::new(Code::GATEWAY_INTERNAL));
        }
        self.frame(0, parts, FINAL, out)
    }

    fn frame(&mut self, announced: usize, parts: &[&[u8]], aad: &[u8], out: &mut BytesMut) -> Result<(), Failure> {
        let preamble = std::mem::take(&mut self.preamble);
        out.reserve(length(parts).saturating_add(preamble.len()).saturating_add(OVERHEAD));
        out.put_slice(&preamble);
        varint::encode(announced, out);
        let start = out.len();
        for part in parts {
            out.put_slice(part);
        }
        let tag = out.get_mut(start..).and_then(|chunk| self.cipher.seal(aad, chunk));
        out.put_slice(tag.ok_or(Failure::new(Code::GATEWAY_INTERNAL))?.as_ref());
        Ok(())
    }
}

/// What seals the chunks of a response on one side and opens them on the other.
pub(super) fn cipher(id: AeadId, secret: &[u8], encapsulated: &[u8], response_nonce: &[u8]) -> Option<ChunkCipher> {
    let salt = [encapsulated, response_nonce].concat();
    let secret = Prk::extract(&salt, &[secret]);
    let [key, nonce] = [b"key".as_slice(), b"nonce"].map(|label| secret.expand(&[label]));
    ChunkCipher::new(id, key.as_slice(), nonce.as_slice())
}

fn length(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

#[cfg(test)]
mod tests;
