//! Cuts an encapsulated request or response into its parts, in bounded memory and without keys (draft-08 §3.1, §3.2).
//!
//! ```text
//! request    = keyId(1) kem(2) kdf(2) aead(2) || enc || chunk* || finalChunk
//! response   = response_nonce || chunk* || finalChunk
//! chunk      = varint(len(ct)) || ct
//! finalChunk = varint(0) || ct to the end of the body
//! ```

use blindllama_verifier::Code;
use bytes::{Buf, Bytes, BytesMut};

use super::{CHUNK_PLAINTEXT, TAG};
use crate::failure::Failure;
use crate::varint;

/// Bytes of the request header that the HPKE `info` repeats (RFC 9458 §4.1).
pub const HEADER: usize = 7;

/// The request header as received.
pub type Header = [u8; HEADER];

/// One sealed chunk: ciphertext and tag.
#[derive(Debug)]
pub struct SealedChunk {
    /// Ciphertext with its tag, to be opened in place.
    pub bytes: BytesMut,
    /// Whether it ends the message; its AAD is then `"final"`.
    pub last: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Length,
    Chunk(usize),
    Final,
    Ended,
}

/// Cuts the bytes of one body. Holds at most what one `push` brought and one unfinished chunk.
pub struct Framing {
    buffer: BytesMut,
    state: State,
}

impl Default for Framing {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), state: State::Length }
    }
}

impl Framing {
    /// Adds bytes of the body.
    pub fn push(&mut self, bytes: &Bytes) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The request header, once it is there; it stays in front of `enc`.
    #[must_use]
    pub fn header(&self) -> Option<Header> {
        self.buffer.first_chunk().copied()
    }

    /// Takes header and encapsulated key, once all their bytes are there.
    pub fn take_encapsulated_key(&mut self, length: usize) -> Option<Bytes> {
        if self.buffer.len() < HEADER.saturating_add(length) {
            return None;
        }
        self.buffer.advance(HEADER);
        Some(self.buffer.split_to(length).freeze())
    }

    /// Takes the response nonce, once all its bytes are there.
    pub(super) fn take_response_nonce(&mut self, length: usize) -> Option<Bytes> {
        (self.buffer.len() >= length).then(|| self.buffer.split_to(length).freeze())
    }

    /// Takes the next chunk that is not the final one, or `None` while it is incomplete.
    ///
    /// # Errors
    /// `channel.chunk_size` as soon as a length is read that no legal chunk has, before the chunk itself is buffered.
    pub fn next_chunk(&mut self) -> Result<Option<SealedChunk>, Failure> {
        if self.state == State::Length {
            let Some((length, size)) = varint::peek(&self.buffer) else { return Ok(None) };
            self.buffer.advance(size);
            self.state = match usize::try_from(length) {
                Ok(0) => State::Final,
                // A chunk of an empty plaintext is an error too: only the final one may be empty.
                Ok(length) if length > TAG && length <= CHUNK_PLAINTEXT.saturating_add(TAG) => State::Chunk(length),
                _ => return Err(Failure::new(Code::CHANNEL_CHUNK_SIZE)),
            };
        }
        match self.state {
            State::Chunk(length) if self.buffer.len() >= length => {
                self.state = State::Length;
                Ok(Some(SealedChunk { bytes: self.buffer.split_to(length), last: false }))
            }
            State::Final if self.buffer.len() > CHUNK_PLAINTEXT.saturating_add(TAG) => {
                Err(Failure::new(Code::CHANNEL_CHUNK_SIZE))
            }
            _ => Ok(None),
        }
    }

    /// Takes the final chunk: to be called at the end of the body, after [`Self::next_chunk`] had no more.
    ///
    /// # Errors
    /// `channel.truncated` when the body ended without one.
    pub fn finish(&mut self) -> Result<SealedChunk, Failure> {
        if self.state != State::Final || self.buffer.len() < TAG {
            return Err(Failure::new(Code::CHANNEL_TRUNCATED));
        }
        self.state = State::Ended;
        Ok(SealedChunk { bytes: self.buffer.split(), last: true })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const HEADER_AND_KEY: &[u8] = &[1, 0, 0x20, 0, 1, 0, 1, 9, 9];

    fn framing(body: &[u8]) -> Framing {
        let mut framing = Framing::default();
        framing.push(&Bytes::copy_from_slice(body));
        framing
    }

    #[test]
    fn header_and_key_come_out_once_they_are_complete() {
        for cut in 0..HEADER_AND_KEY.len() {
            let mut framing = framing(&HEADER_AND_KEY[..cut]);
            assert_eq!(framing.header().is_some(), cut >= HEADER);
            assert_eq!(framing.take_encapsulated_key(2), None, "cut at {cut}");
            framing.push(&Bytes::copy_from_slice(&HEADER_AND_KEY[cut..]));
            assert_eq!(framing.take_encapsulated_key(2).unwrap(), [9, 9][..]);
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_its_chunk_arrives() {
        // 16384 + 16 is the longest; the lengths say one byte more, and the largest that the varint can say.
        for length in [&[0x80, 0, 0x40, 0x11][..], &[0xff; 8]] {
            let failure = framing(length).next_chunk().unwrap_err();
            assert_eq!(failure.code, Code::CHANNEL_CHUNK_SIZE);
        }
    }

    #[test]
    fn a_chunk_without_plaintext_is_refused() {
        for length in 1..=16_u8 {
            assert_eq!(framing(&[length]).next_chunk().unwrap_err().code, Code::CHANNEL_CHUNK_SIZE);
        }
        assert!(framing(&[17]).next_chunk().unwrap().is_none());
    }

    #[test]
    fn a_final_chunk_beyond_the_limit_is_refused_while_it_arrives() {
        let mut framing = framing(&[0]);
        framing.push(&Bytes::from(vec![7; CHUNK_PLAINTEXT + TAG]));
        assert!(framing.next_chunk().unwrap().is_none());
        framing.push(&Bytes::from_static(&[7]));
        assert_eq!(framing.next_chunk().unwrap_err().code, Code::CHANNEL_CHUNK_SIZE);
    }

    #[test]
    fn an_end_anywhere_but_behind_a_whole_final_chunk_is_a_truncation() {
        let mut body = vec![17];
        body.extend([5; 17]);
        body.push(0);
        body.extend([6; 16]);
        for cut in 0..body.len() {
            let mut framing = framing(&body[..cut]);
            while framing.next_chunk().unwrap().is_some() {}
            assert_eq!(framing.finish().unwrap_err().code, Code::CHANNEL_TRUNCATED, "cut at {cut}");
        }
        let mut framing = framing(&body);
        assert_eq!(framing.next_chunk().unwrap().unwrap().bytes, [5; 17][..]);
        assert!(framing.next_chunk().unwrap().is_none());
        let last = framing.finish().unwrap();
        assert!(last.last);
        assert_eq!(last.bytes, [6; 16][..]);
    }
}
