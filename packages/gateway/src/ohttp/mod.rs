//! Chunked Oblivious HTTP, the server's half, and the client's towards another gateway: draft-ietf-ohai-chunked-ohttp-08 on RFC 9458, HPKE base mode of RFC 9180
//! (docs/PROTOCOL.md §10).
//!
//! The way of a request: [`framing`] cuts the body into header, chunks and final chunk, without keys; [`request`] opens
//! the chunks with the context that [`hpke`] set up; [`response`] seals the answer under keys exported from that context.
//! [`encapsulate`] holds the other side of both: it seals a request and opens its answer.
//!
//! All of the cryptography is AWS-LC's; the key schedule of HPKE on top of it is compared with the crate `hpke` in the tests.

mod cipher;
pub mod encapsulate;
pub mod framing;
pub mod hpke;
mod kdf;
mod kem;
#[cfg(test)]
pub(crate) mod one_key;
pub mod replay;
pub mod request;
pub mod response;
pub mod suite;

/// Media type of an encapsulated request.
pub const REQUEST_TYPE: &str = "message/ohttp-chunked-req";

/// Media type of an encapsulated response.
pub const RESPONSE_TYPE: &str = "message/ohttp-chunked-res";

/// First part of the HPKE `info` of a request (draft-08 §3.1).
pub(crate) const REQUEST_LABEL: &[u8] = b"message/bhttp chunked request";

/// Exporter context of the response secret (draft-08 §3.2).
pub(crate) const RESPONSE_LABEL: &[u8] = b"message/bhttp chunked response";

/// AAD of a final chunk; the others have none.
pub(crate) const FINAL: &[u8] = b"final";

/// Longest plaintext of one chunk, in bytes.
pub const CHUNK_PLAINTEXT: usize = 16_384;

/// Length of the authentication tag of every AEAD in use (RFC 9180 §7.3, Nt), in bytes.
pub const TAG: usize = 16;
