//! Opens an encapsulated request as its bytes arrive (draft-08 §3.1). No byte of a chunk leaves before its tag is verified, and
//! nothing leaves after an error.

use std::ops::Deref;
use std::sync::Arc;

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};

use super::FINAL;
use super::framing::{Framing, Header, SealedChunk};
use super::hpke::Context;
use super::replay::{Arrival, ReplaySet};
use super::response::Sealer;
use crate::failure::Failure;

/// The channel keys that requests can be opened with now.
pub trait Keys: Send + Sync {
    /// What an answer needs of the epoch whose key opened its request.
    type Epoch;

    /// Length of the encapsulated key that must follow `header`, in bytes.
    ///
    /// # Errors
    /// `channel.key_unknown`; `channel.suite` when that key does not offer the suite.
    fn encapsulated_length(&self, header: &Header) -> Result<usize, Failure>;

    /// Sets up the context of a request.
    ///
    /// # Errors
    /// As [`Self::encapsulated_length`], and `channel.decrypt`.
    fn receive(&self, header: &Header, encapsulated: &[u8]) -> Result<Received<Self::Epoch>, Failure>;
}

/// What a key makes of an encapsulated key.
pub struct Received<E> {
    /// Opens the chunks.
    pub context: Context,
    /// Where the encapsulated key must be new.
    pub seen: Arc<ReplaySet>,
    /// The key's epoch.
    pub epoch: E,
}

enum Stage<E> {
    Header,
    Key(Header, usize),
    Chunks(Box<Chunks<E>>),
    Refused(Failure),
}

struct Chunks<E> {
    context: Context,
    epoch: E,
    encapsulated: Bytes,
    /// Where the encapsulated key has still to be found new: until the first chunk is open.
    unseen: Option<Arc<ReplaySet>>,
}

/// The receiving half of one request.
pub struct Decapsulator<K: Deref<Target: Keys>> {
    keys: K,
    framing: Framing,
    stage: Stage<<K::Target as Keys>::Epoch>,
}

impl<K: Deref<Target: Keys>> Decapsulator<K> {
    /// Starts with the first byte of a body.
    pub fn new(keys: K) -> Self {
        Self { keys, framing: Framing::default(), stage: Stage::Header }
    }

    /// Adds bytes of the body.
    pub fn push(&mut self, bytes: &Bytes) {
        self.framing.push(bytes);
    }

    /// The plaintext of the next chunk before the final one, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// The codes `channel.…`; the first is final.
    pub fn next_chunk(&mut self) -> Result<Option<BytesMut>, Failure> {
        let result = self.advance();
        self.remember(result)
    }

    /// The plaintext of the final chunk, possibly empty: to be called when the body ended and [`Self::next_chunk`] had no more.
    ///
    /// # Errors
    /// `channel.truncated` when there is none; `channel.decrypt` when it was altered.
    pub fn finish(&mut self) -> Result<BytesMut, Failure> {
        let result = match self.stage {
            Stage::Refused(ref failure) => Err(failure.clone()),
            Stage::Chunks(ref mut chunks) => self.framing.finish().and_then(|sealed| chunks.open(sealed)),
            _ => Err(Failure::new(Code::CHANNEL_TRUNCATED)),
        };
        self.remember(result)
    }

    /// The sealing half of the answer. It exists once a chunk was opened, also after a later error.
    ///
    /// # Errors
    /// `gateway.internal` before that.
    pub fn sealer(&self) -> Result<Sealer, Failure> {
        match &self.stage {
            Stage::Chunks(chunks) if chunks.unseen.is_none() => Sealer::new(&chunks.context, &chunks.encapsulated),
            _ => Err(Failure::new(Code::GATEWAY_INTERNAL)),
        }
    }

    /// The epoch whose key opens the request, once there is a context, until an error.
    pub fn epoch(&self) -> Option<&<K::Target as Keys>::Epoch> {
        match &self.stage {
            Stage::Chunks(chunks) => Some(&chunks.epoch),
            _ => None,
        }
    }

    fn advance(&mut self) -> Result<Option<BytesMut>, Failure> {
        loop {
            match &mut self.stage {
                Stage::Header => {
                    let Some(header) = self.framing.header() else { return Ok(None) };
                    self.stage = Stage::Key(header, self.keys.encapsulated_length(&header)?);
                }
                Stage::Key(header, length) => {
                    let Some(encapsulated) = self.framing.take_encapsulated_key(*length) else { return Ok(None) };
                    let Received { context, seen, epoch } = self.keys.receive(header, &encapsulated)?;
                    self.stage = Stage::Chunks(Box::new(Chunks { context, epoch, encapsulated, unseen: Some(seen) }));
                }
                Stage::Chunks(chunks) => {
                    return self.framing.next_chunk()?.map(|sealed| chunks.open(sealed)).transpose();
                }
                Stage::Refused(failure) => return Err(failure.clone()),
            }
        }
    }

    fn remember<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &result {
            self.stage = Stage::Refused(failure.clone());
        }
        result
    }
}

impl<E> Chunks<E> {
    fn open(&mut self, sealed: SealedChunk) -> Result<BytesMut, Failure> {
        let mut chunk = sealed.bytes;
        self.context.open(&mut chunk, if sealed.last { FINAL } else { &[] })?;
        match self.unseen.take().map(|seen| seen.arrive(&self.encapsulated)) {
            None | Some(Arrival::First) => Ok(chunk),
            Some(Arrival::Again) => Err(Failure::new(Code::CHANNEL_REPLAYED)),
            Some(Arrival::Full) => Err(Failure::new(Code::CHANNEL_KEY_UNKNOWN)),
        }
    }
}

#[cfg(test)]
mod tests;
