//! Documents about releases as they travel, with their signatures (PROTOCOL.md §19.1).

use alloc::vec::Vec;

use super::{Refusal, listed};
use crate::evidence::cbor::{self, Decoder, Value};

/// Largest document, in bytes.
pub const MAX_DOCUMENT: usize = 256 << 10;
/// Largest proof of a log, in bytes.
pub const MAX_LOG_PROOF: usize = 64 << 10;

/// A document and signatures over it: nobody has verified them yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The JSON text as it was signed, 1 byte to 256 KiB.
    pub payload: &'a [u8],
    /// 1 to 16, each an Ed25519 public key (32 bytes) and a signature of it (64 bytes).
    pub signatures: Vec<&'a [u8; 96]>,
    /// That the document with these signatures stands in a log: a C2SP tlog-proof, 1 byte to 64 KiB.
    pub log_proof: Option<&'a [u8]>,
}

/// What was released, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseEvidence<'a> {
    /// The manifest.
    pub manifest: Signed<'a>,
    /// Key sets that succeed one another, oldest first, at most 8.
    pub key_sets: Vec<Signed<'a>>,
}

impl<'a> Signed<'a> {
    /// Reads a signed document strictly; it does not look into its payload.
    ///
    /// # Errors
    /// `bundle.encoding` or `bundle.schema`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        cbor::decode(bytes, Self::read)
    }

    pub(super) fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            payload: map.required(0, "payload").sized(MAX_DOCUMENT),
            signatures: map.required(1, "signatures").list(1, 16, Decoder::array_of_bytes),
            log_proof: map.optional(2, "tlog-proof").map(|decoder| decoder.sized(MAX_LOG_PROOF)),
        })
    }

    /// The encoding that travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.value().encode()
    }

    pub(super) fn value(&self) -> Value {
        let signatures = Value::array(self.signatures.iter().map(|signature| **signature));
        let mut members = alloc::vec![(0, self.payload.into()), (1, signatures)];
        members.extend(self.log_proof.map(|proof| (2, proof.into())));
        Value::map(members)
    }
}

impl<'a> ReleaseEvidence<'a> {
    /// Reads what is said of a release strictly; it does not look into the documents.
    ///
    /// # Errors
    /// `bundle.encoding` or `bundle.schema`.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        cbor::decode(bytes, Self::read)
    }

    pub(super) fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            manifest: Signed::read(map.required(0, "manifest")),
            key_sets: listed(map.optional(1, "key sets"), 8, Signed::read),
        })
    }

    /// The encoding that travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.value().encode()
    }

    pub(super) fn value(&self) -> Value {
        let mut members = alloc::vec![(0, self.manifest.value())];
        if !self.key_sets.is_empty() {
            members.push((1, Value::Array(self.key_sets.iter().map(Signed::value).collect())));
        }
        Value::map(members)
    }
}
