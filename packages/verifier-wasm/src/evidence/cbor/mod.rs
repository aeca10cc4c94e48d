//! Deterministic CBOR (RFC 8949 §4.2.1), restricted as PROTOCOL.md §3 says: unsigned integers, byte strings, text
//! strings, arrays, and maps with unsigned integer keys; definite lengths, shortest form, keys ascending and distinct.
//!
//! One value has one encoding, so a hash over the bytes is a hash over the meaning.

mod decoder;
mod encoder;
mod value;
mod walk;

pub use decoder::{Decoder, decode};
pub(crate) use encoder::{Encoder, head_of_bytes};
pub use value::Value;

/// Deepest nesting of arrays and maps that a decoder follows.
pub const MAX_DEPTH: u8 = 8;

/// Keys below this one are critical in every map: an unknown one is an error. Keys from here on may be ignored.
pub const FIRST_EXTENSION_KEY: u64 = 64;

/// What a decoder refuses, and the member in which it met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule was broken.
    pub kind: ErrorKind,
    /// The name of the member that was being read or looked for; empty before the first.
    pub member: &'static str,
}

/// The ways in which bytes can fail to be what a decoder expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not deterministic CBOR of the restricted kind.
    Encoding,
    /// They are, but they are not the expected item: wrong type or range, missing or unknown critical member.
    Schema,
    /// They name a version of the protocol that the reader does not speak, so nothing more was read.
    Version,
    /// They are the expected item, but part of it is longer than the protocol allows.
    Size,
}

/// Major types, RFC 8949 §3.1.
const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
