//! What the gateway proves: keys that live for an epoch, quotes that cover them, and the evidence that carries both.

pub mod arrived;
pub mod batch;
pub mod claims;
pub mod epoch;
pub mod evidence;
pub mod installed_chain;
pub mod machine;
pub mod static_part;
