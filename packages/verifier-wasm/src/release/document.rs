//! What is signed: the raw bytes of a document behind its type (DSSE v1.0.2, PAE).

use alloc::{string::String, vec::Vec};

use crate::{
    Code,
    json::{documents::Kind, writer::push_decimal},
};

/// A kind of signed document.
pub(super) struct Document {
    payload_type: &'static str,
    pub(super) json: Kind,
}

const fn document(name: &'static str, payload_type: &'static str) -> Document {
    Document { payload_type, json: Kind { name, syntax: Code::RELEASE_SYNTAX, invalid: Code::RELEASE_INVALID } }
}

pub(super) const MANIFEST: Document = document("manifest", "application/vnd.blindllama.release.v1+json");
pub(super) const KEY_SET: Document = document("key set", "application/vnd.blindllama.key-set.v1+json");
pub(super) const STATUS: Document = document("status", "application/vnd.blindllama.status.v1+json");

impl Document {
    /// The message that is signed, and that stands in a log: PAE(type, payload).
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
