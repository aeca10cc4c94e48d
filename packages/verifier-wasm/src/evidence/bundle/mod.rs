//! The bundle that answers one request for evidence (PROTOCOL.md §3).

mod pcrs;
mod signed;
mod static_part;

use alloc::vec::Vec;

pub use pcrs::{Bank, Pcrs};
pub use signed::{MAX_DOCUMENT, MAX_LOG_PROOF, ReleaseEvidence, Signed};
pub use static_part::{
    EventLog, MAX_CERTIFICATE, MAX_EVENT_LOG, MAX_PLATFORM_REPORT, MAX_STATIC, PlatformReport, Static,
};

use super::{
    VERSION,
    cbor::{self, Decoder, Error, ErrorKind, Value},
};
use crate::Code;

/// Largest bundle, in bytes.
pub const MAX_BUNDLE: usize = 2 << 20;
/// Largest encoded claims, in bytes.
pub const MAX_CLAIMS: usize = 16 << 10;
/// Why a bundle was refused: one of the codes `bundle.…`, and the member at fault where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `bundle.size`, `bundle.encoding`, `bundle.schema` or `bundle.version`.
    pub code: Code,
    /// The name of the member; empty for the whole.
    pub member: &'static str,
}

impl From<Error> for Refusal {
    #[inline(never)]
    fn from(error: Error) -> Self {
        let code = match error.kind {
            ErrorKind::Encoding => Code::BUNDLE_ENCODING,
            ErrorKind::Schema => Code::BUNDLE_SCHEMA,
            ErrorKind::Version => Code::BUNDLE_VERSION,
            ErrorKind::Size => Code::BUNDLE_SIZE,
        };
        Self { code, member: error.member }
    }
}

fn at_most(limit: usize, bytes: &[u8], member: &'static str) -> Result<(), Refusal> {
    if bytes.len() > limit { Err(Refusal { code: Code::BUNDLE_SIZE, member }) } else { Ok(()) }
}

/// The items of an array of at most `most`; none where there is no array, for an empty one is an error.
fn listed<'a, T>(array: Option<&mut Decoder<'a>>, most: usize, mut read: impl FnMut(&mut Decoder<'a>) -> T) -> Vec<T> {
    let mut items = Vec::new();
    if let Some(decoder) = array {
        decoder.each(1, most, |decoder| items.push(read(decoder)));
    }
    items
}

/// What the TPM signed, and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// TPMS_ATTEST, bare, 1 to 2048 bytes.
    pub attest: &'a [u8],
    /// TPMT_SIGNATURE, bare, 1 to 2048 bytes.
    pub signature: &'a [u8],
}

/// The way from one client's nonce to the root that the quote covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceProof<'a> {
    /// Position of the client's leaf.
    pub index: u64,
    /// Siblings from the leaf upwards. More than 20 are refused by the step `binding.nonce`.
    pub path: Vec<&'a [u8; 32]>,
}

/// The answer to one request for evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// Version of the protocol.
    pub version: u64,
    /// Encoded [`Claims`](super::claims::Claims), hashed as they travel.
    pub claims: &'a [u8],
    /// What the TPM says.
    pub quote: Quote<'a>,
    /// What makes it fresh for this client.
    pub nonce_proof: NonceProof<'a>,
    /// What the machine measured.
    pub pcrs: Pcrs<'a>,
    /// SHA-256 of the static part.
    pub static_hash: &'a [u8; 32],
    /// Encoded [`Static`]; None when the client holds the one of this hash.
    pub static_part: Option<&'a [u8]>,
    /// Signature of the claims' instance key over them ([`super::instance::proof_message`]); there exactly where they name one.
    /// 64 bytes.
    pub instance_proof: Option<&'a [u8]>,
}

impl<'a> Quote<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            attest: map.required(0, "attest").sized(2048),
            signature: map.required(1, "signature").sized(2048),
        })
    }
}

impl<'a> NonceProof<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            index: map.required(0, "index").uint(),
            path: map.required(1, "path").list(0, 64, Decoder::array_of_bytes),
        })
    }
}

fn proof<'a>(decoder: &mut Decoder<'a>) -> &'a [u8] {
    let proof = decoder.bytes();
    decoder.ensure(proof.len() == 64);
    proof
}

impl<'a> Bundle<'a> {
    /// Reads a bundle strictly. It does not look into claims and static part.
    ///
    /// # Errors
    /// Where the bytes are too many, not deterministic CBOR, or not a bundle.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        at_most(MAX_BUNDLE, bytes, "")?;
        cbor::decode(bytes, |decoder| {
            decoder.map(|map| Self {
                version: map.required(0, "version").version(VERSION),
                claims: map.required(1, "claims").at_most(MAX_CLAIMS, "claims"),
                quote: Quote::read(map.required(2, "quote")),
                nonce_proof: NonceProof::read(map.required(3, "nonce-proof")),
                pcrs: Pcrs::read(map.required(4, "pcrs")),
                static_hash: map.required(5, "static-hash").array_of_bytes(),
                static_part: map.optional(6, "static").map(Decoder::bytes),
                instance_proof: map.optional(7, "instance_proof").map(proof),
            })
        })
    }

    /// The encoding before and behind a static part of `length` bytes, which has to stand between: a sender need not copy what all
    /// receivers share.
    #[must_use]
    pub fn encode_around_static(&self, length: usize) -> [Vec<u8>; 2] {
        let mut before = Self { static_part: Some(&[]), instance_proof: None, ..self.clone() }.encode();
        let mut behind = Vec::new();
        if let Some(proof) = self.instance_proof {
            // One member more than it says, and this member without a map around it.
            if let Some(head) = before.first_mut() {
                *head = head.saturating_add(1);
            }
            behind = Value::map([(7, proof.into())]).encode().split_off(1);
        }
        // The empty byte string at its end gives way to the head of a longer one.
        before.pop();
        before.extend(cbor::head_of_bytes(length));
        [before, behind]
    }

    /// The encoding that travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut members = alloc::vec![
            (0, self.version.into()),
            (1, self.claims.into()),
            (2, Value::map([(0, self.quote.attest.into()), (1, self.quote.signature.into())])),
            (
                3,
                Value::map([
                    (0, self.nonce_proof.index.into()),
                    (1, Value::array(self.nonce_proof.path.iter().map(|sibling| **sibling))),
                ]),
            ),
            (4, self.pcrs.value()),
            (5, (*self.static_hash).into()),
        ];
        members.extend(self.static_part.map(|bytes| (6, bytes.into())));
        members.extend(self.instance_proof.map(|proof| (7, proof.into())));
        Value::map(members).encode()
    }
}
