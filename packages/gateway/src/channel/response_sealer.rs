//! Seals the bytes of an answer, and hashes them for the receipt where one was requested.

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue};

use crate::bhttp;
use crate::failure::Failure;
use crate::ohttp::response::Sealer;
use crate::receipt::RECEIPT_FIELD;
use crate::receipt::answer::AnswerReceipt;

pub(super) struct ResponseSealer {
    sealer: Sealer,
    receipt: Option<AnswerReceipt>,
}

impl ResponseSealer {
    pub(super) const fn new(sealer: Sealer, receipt: Option<AnswerReceipt>) -> Self {
        Self { sealer, receipt }
    }

    /// Seals the next bytes of head and content as a chunk at the end of `out`.
    pub(super) fn seal(&mut self, parts: &[&[u8]], out: &mut BytesMut) -> Result<(), Failure> {
        self.hash(parts);
        self.sealer.seal(parts, out)
    }

    /// The end of the content and the trailer section, behind `rest`, the last bytes of head and content that are not sealed.
    pub(super) fn end(&mut self, rest: &[&[u8]]) -> Vec<u8> {
        self.hash(rest);
        self.hash(&[bhttp::END_OF_CONTENT]);
        let mut trailers = HeaderMap::new();
        if let Some(receipt) = self.receipt.take().and_then(AnswerReceipt::finish)
            && let Ok(value) = HeaderValue::try_from(receipt)
        {
            trailers.insert(RECEIPT_FIELD, value);
        }
        bhttp::message_end(&trailers)
    }

    /// Seals bytes behind [`Self::end`], or those that it was told.
    pub(super) fn seal_ended(&mut self, parts: &[&[u8]], out: &mut BytesMut) -> Result<(), Failure> {
        self.sealer.seal(parts, out)
    }

    /// Seals the last bytes of the message.
    pub(super) fn seal_final(self, parts: &[&[u8]], out: &mut BytesMut) -> Result<(), Failure> {
        self.sealer.seal_final(parts, out)
    }

    fn hash(&mut self, parts: &[&[u8]]) {
        if let Some(receipt) = &mut self.receipt {
            parts.iter().for_each(|part| receipt.update(part));
        }
    }
}
