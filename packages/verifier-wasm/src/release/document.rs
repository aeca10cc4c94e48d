//! What is signed: the raw bytes of a document behind its type (DSSE v1.0.2, PAE).

use alloc::{string::String, vec::Vec};

use crate::{
    Code,
    digits::push_decimal,
    evidence::bundle::Signed,
    json::{
        documents::{Documents, Kind},
        item::Item,
    },
    rejection::Rejection,
};

/// A kind of signed document.
pub(super) struct Document {
    payload_type: &'static str,
    json: Kind,
}

/// The text of a document that was signed by those who have to sign it. There is one way to it, [`KeySet::verify`](super::key_set::KeySet::verify),
/// and no other way to what a document says: before that, anybody may have written its names, which refusals tell.
pub(crate) struct Authentic<'a> {
    document: &'static Document,
    payload: &'a [u8],
}

const fn document(name: &'static str, payload_type: &'static str) -> Document {
    Document { payload_type, json: Kind { name, syntax: Code::RELEASE_SYNTAX, invalid: Code::RELEASE_INVALID } }
}

pub(super) const MANIFEST: Document = document("manifest", "application/vnd.blindllama.release.v1+json");
pub(super) const KEY_SET: Document = document("key set", "application/vnd.blindllama.key-set.v1+json");
pub(super) const STATUS: Document = document("status", "application/vnd.blindllama.status.v1+json");

impl<'a> Authentic<'a> {
    /// Whoever calls this has verified the signatures.
    pub(super) const fn new(document: &'static Document, payload: &'a [u8]) -> Self {
        Self { document, payload }
    }

    /// A manifest that nobody signed, for fuzzing.
    #[cfg(feature = "fuzzing")]
    pub(crate) const fn unsigned_manifest(payload: &'a [u8]) -> Self {
        Self::new(&MANIFEST, payload)
    }

    /// A document that nobody signed, for its author: nothing of what is read decides anything.
    #[cfg(any(test, feature = "inspect"))]
    pub(super) const fn of_author(document: &'static Document, payload: &'a [u8]) -> Self {
        Self::new(document, payload)
    }

    pub(super) const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// # Errors
    /// `release.syntax` or `release.invalid`, and the member at fault.
    pub(super) fn read<'d, T>(
        &self,
        documents: &'d Documents<'d>,
        read: impl FnOnce(&'d Item<'d>) -> T,
    ) -> Result<T, Rejection> {
        self.document.json.read(self.payload, documents, read)
    }
}

impl Document {
    pub(super) const fn name(&self) -> &'static str {
        self.json.name
    }

    /// Reads a document that nobody has verified. Nothing of its text has a part in the refusal.
    ///
    /// # Errors
    /// `release.syntax` or `release.invalid`, and the kind of document.
    pub(super) fn unproven<'d, T>(
        &self,
        payload: &[u8],
        documents: &'d Documents<'d>,
        read: impl FnOnce(&'d Item<'d>) -> T,
    ) -> Result<T, Rejection> {
        let read = self.json.read(payload, documents, read);
        read.map_err(|fault| Rejection::at(fault.code, self.json.name))
    }

    /// What stands in a log: the message, and the signatures over it in the order in which they travel.
    pub(super) fn entry(&self, signed: &Signed<'_>) -> Vec<u8> {
        let mut entry = self.message(signed.payload);
        signed.signatures.iter().for_each(|signature| entry.extend_from_slice(*signature));
        entry
    }

    /// The message that is signed: PAE(type, payload).
    pub(super) fn message(&self, payload: &[u8]) -> Vec<u8> {
        let mut head = String::from("DSSEv1 ");
        push_decimal(&mut head, self.payload_type.len() as u64);
        head.push(' ');
        head.push_str(self.payload_type);
        head.push(' ');
        push_decimal(&mut head, payload.len() as u64);
        head.push(' ');
        let mut message = head.into_bytes();
        message.extend_from_slice(payload);
        message
    }
}
