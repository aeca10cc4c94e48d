//! What travels between gateway and verifier: the one definition of the wire (PROTOCOL.md §3-§5).
//!
//! The gateway encodes with the same types that the verifier decodes. Nothing here decides whether evidence is
//! good; a value that decodes has the shape of the protocol, no more.

pub mod binding;
pub mod bundle;
pub mod cbor;
pub mod claims;
pub mod enrolment;
pub mod instance;
pub mod key_config;
pub(crate) mod length_prefix;
pub mod nonce_tree;
pub mod operation;
pub mod receipt;

/// The version of the protocol that this crate speaks.
pub const VERSION: u64 = 1;
