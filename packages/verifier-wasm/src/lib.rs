//! From raw TPM evidence and a policy to a verdict.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

extern crate alloc;

mod code;
pub mod evidence;
mod hash;

pub use code::Code;
