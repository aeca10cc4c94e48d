//! Seals a request to another gateway and opens its answer as the bytes arrive (draft-08 §3). No byte of a chunk leaves before its tag is
//! verified, and nothing leaves after an error.

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use zeroize::Zeroizing;

use super::FINAL;
use super::cipher::{ChunkCipher, NONCE};
use super::framing::{Framing, Header, SealedChunk};
use super::hpke::{AeadId, send};
use super::response::{Sealer, cipher};
use super::suite::Suite;
use crate::failure::Failure;

/// Begins a request to the key `public` with the id `key_id`: the sealing half of the request, and the opening half of its answer.
///
/// # Errors
/// `gateway.internal` for a public key that is none of the suite.
pub fn encapsulate(key_id: u8, suite: Suite, public: &[u8]) -> Result<(Sealer, Opener), Failure> {
    let header = header(key_id, suite);
    let (encapsulated, context) = send(suite, public, &header)?;
    let secret = context.response_secret()?;
    let preamble = BytesMut::from([header.as_slice(), &encapsulated].concat().as_slice());
    let opener = Opener {
        aead: suite.aead,
        secret,
        encapsulated: encapsulated.into(),
        cipher: None,
        framing: Framing::default(),
        is_refused: false,
    };
    Ok((Sealer::of_request(context.into_cipher(), preamble), opener))
}

/// The request header (RFC 9458 §4.1).
fn header(key_id: u8, suite: Suite) -> Header {
    let [[k0, k1], [h0, h1], [a0, a1]] = suite.numbers().map(u16::to_be_bytes);
    [key_id, k0, k1, h0, h1, a0, a1]
}

/// The opening half of one answer.
pub struct Opener {
    aead: AeadId,
    secret: Zeroizing<Vec<u8>>,
    encapsulated: Bytes,
    /// None until the response nonce is there.
    cipher: Option<ChunkCipher>,
    framing: Framing,
    is_refused: bool,
}

impl Opener {
    /// Adds bytes of the outer body.
    pub fn push(&mut self, bytes: &Bytes) {
        self.framing.push(bytes);
    }

    /// The plaintext of the next chunk before the final one, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// `channel.chunk_size`, `channel.decrypt`; the first is final.
    pub fn next_chunk(&mut self) -> Result<Option<BytesMut>, Failure> {
        let result = self.advance();
        self.is_refused |= result.is_err();
        result
    }

    /// The plaintext of the final chunk, possibly empty: to be called when the body ended and [`Self::next_chunk`] had no more.
    ///
    /// # Errors
    /// `channel.truncated` when there is none; `channel.decrypt` when it was altered.
    pub fn finish(&mut self) -> Result<BytesMut, Failure> {
        let result = self.framing.finish().and_then(|sealed| self.open(sealed));
        self.is_refused = true;
        result
    }

    fn advance(&mut self) -> Result<Option<BytesMut>, Failure> {
        if self.cipher.is_none() {
            let length = self.aead.key_length().max(NONCE);
            let Some(nonce) = self.framing.take_response_nonce(length) else { return Ok(None) };
            self.cipher = cipher(self.aead, &self.secret, &self.encapsulated, &nonce);
        }
        self.framing.next_chunk()?.map(|sealed| self.open(sealed)).transpose()
    }

    fn open(&mut self, sealed: SealedChunk) -> Result<BytesMut, Failure> {
        let mut chunk = sealed.bytes;
        let aad = if sealed.last { FINAL } else { &[] };
        let cipher = self.cipher.as_mut().filter(|_| !self.is_refused);
        match cipher.and_then(|cipher| cipher.open(aad, &mut chunk)) {
            Some(length) => {
                chunk.truncate(length);
                Ok(chunk)
            }
            None => Err(Failure::new(Code::CHANNEL_DECRYPT)),
        }
    }
}

#[cfg(test)]
mod tests;
