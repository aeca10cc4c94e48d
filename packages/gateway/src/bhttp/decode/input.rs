//! The bytes that arrived and are not decoded, and the limit on what is held of them.

use blindllama_verifier::Code;
use bytes::{Buf, Bytes, BytesMut};

use super::malformed;
use crate::failure::Failure;
use crate::varint;

pub struct Input {
    buffer: BytesMut,
    /// Bytes left for framing, control data and fields.
    budget: u64,
}

impl Input {
    pub(super) fn new(budget: u64) -> Self {
        Self { buffer: BytesMut::new(), budget }
    }

    pub(super) fn push(&mut self, bytes: BytesMut) {
        if self.buffer.is_empty() {
            self.buffer = bytes;
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(super) const fn budget(&self) -> u64 {
        self.budget
    }

    /// The next bytes, at most `most`.
    pub(super) fn take(&mut self, most: u64) -> Bytes {
        let available = self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        self.buffer.split_to(available).freeze()
    }

    /// The length of content, which no budget limits.
    pub(super) fn length(&mut self) -> Option<u64> {
        let (length, size) = varint::peek(&self.buffer)?;
        self.buffer.advance(size);
        Some(length)
    }

    /// An integer of the header part.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Failure> {
        let Some((value, size)) = varint::peek(&self.buffer) else { return Ok(None) };
        self.spend(size as u64)?;
        self.buffer.advance(size);
        Ok(Some(value))
    }

    /// A length-prefixed text of the header part; one beyond the budget is refused before it is buffered.
    pub(super) fn vector(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some((length, size)) = varint::peek(&self.buffer) else { return Ok(None) };
        if length > self.budget {
            return Err(Failure::new(Code::REQUEST_TOO_LARGE));
        }
        let length = usize::try_from(length).map_err(|_| malformed())?;
        let total = size.saturating_add(length);
        if self.buffer.len() < total {
            return Ok(None);
        }
        self.spend(total as u64)?;
        self.buffer.advance(size);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Failure> {
        self.budget = self.budget.checked_sub(bytes).ok_or(Failure::new(Code::REQUEST_TOO_LARGE))?;
        Ok(())
    }
}
