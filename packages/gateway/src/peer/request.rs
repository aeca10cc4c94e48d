//! A request on its way to the other gateway: a Binary HTTP message of indeterminate length, sealed chunk by chunk as its content comes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame};

use crate::bhttp::{message_end, padme};
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::ohttp::response::Sealer;
use crate::varint;

/// What is sent to the other gateway.
pub enum PeerBody<B> {
    /// A request for evidence.
    Empty,
    /// An encapsulated request.
    Sealed(Box<SealedRequest<B>>),
}

impl<B> PeerBody<B> {
    pub(super) fn sealed(request: SealedRequest<B>) -> Self {
        Self::Sealed(Box::new(request))
    }
}

/// Seals a message whose content is `B`. A content that fails ends the body without a final chunk, so that the other side runs nothing of it.
pub struct SealedRequest<B> {
    content: B,
    /// None behind the final chunk.
    sealer: Option<Sealer>,
    /// Plaintext that is not sealed yet.
    plaintext: BytesMut,
    /// Bytes of the message so far.
    message: u64,
}

impl<B> SealedRequest<B> {
    pub(super) fn new(sealer: Sealer, head: Vec<u8>, content: B) -> Self {
        let mut request = Self { content, sealer: Some(sealer), plaintext: BytesMut::new(), message: 0 };
        request.add(&head);
        request
    }

    fn add(&mut self, bytes: &[u8]) {
        self.plaintext.extend_from_slice(bytes);
        self.message = self.message.saturating_add(bytes.len() as u64);
    }

    /// Adds a piece of content behind its length.
    fn add_content(&mut self, piece: &[u8]) {
        if !piece.is_empty() {
            let mut length = BytesMut::new();
            varint::encode(piece.len(), &mut length);
            self.add(&length);
            self.add(piece);
        }
    }

    /// Adds the end of the message and the zeros that hide its length (RFC 9292 §3.8).
    fn add_end(&mut self) {
        self.add(&message_end(&HeaderMap::new()));
        let padding = padme(self.message).saturating_sub(self.message);
        self.plaintext.put_bytes(0, usize::try_from(padding).unwrap_or_default());
    }

    /// Seals the plaintext but for `kept` bytes at its end.
    fn seal(&mut self, kept: usize) -> Result<BytesMut, Failure> {
        let mut out = BytesMut::new();
        while let Some(sealer) = &mut self.sealer
            && self.plaintext.len() > kept
        {
            let length = self.plaintext.len().saturating_sub(kept).min(CHUNK_PLAINTEXT);
            let chunk = self.plaintext.split_to(length);
            sealer.seal(&[&chunk], &mut out)?;
        }
        Ok(out)
    }

    fn seal_end(&mut self) -> Result<BytesMut, Failure> {
        self.add_end();
        let last = self.plaintext.len().checked_sub(1).map_or(0, |before| before % CHUNK_PLAINTEXT).saturating_add(1);
        let mut out = self.seal(last)?;
        if let Some(sealer) = self.sealer.take() {
            sealer.seal_final(&[self.plaintext.chunk()], &mut out)?;
        }
        self.plaintext.clear();
        Ok(out)
    }
}

impl<B: Body<Data = Bytes, Error = Failure> + Unpin> SealedRequest<B> {
    fn poll_sealed(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<BytesMut, Failure>>> {
        while self.sealer.is_some() && self.plaintext.len() <= CHUNK_PLAINTEXT {
            match Pin::new(&mut self.content).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(piece) = frame.into_data() {
                        self.add_content(&piece);
                    }
                }
                Poll::Ready(Some(Err(failure))) => {
                    self.sealer = None;
                    return Poll::Ready(Some(Err(failure)));
                }
                Poll::Ready(None) => return Poll::Ready(Some(self.seal_end())),
                Poll::Pending if self.plaintext.is_empty() => return Poll::Pending,
                // What is there need not wait for what comes.
                Poll::Pending => return Poll::Ready(Some(self.seal(0))),
            }
        }
        if self.sealer.is_none() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(self.seal(0)))
    }
}

impl<B: Body<Data = Bytes, Error = Failure> + Unpin> Body for PeerBody<B> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Sealed(request) => {
                let sealed = request.poll_sealed(context);
                sealed.map(|sealed| sealed.map(|sealed| sealed.map(|bytes| Frame::data(bytes.freeze()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Sealed(request) => request.sealer.is_none(),
        }
    }
}

#[cfg(test)]
mod tests;
