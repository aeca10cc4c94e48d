//! Receipts (PROTOCOL.md §21): the gateway signs what it was asked and what it answered, because HPKE lets a client write any
//! answer itself.
//!
//! The way of a receipt: [`request`] hashes a request as it is decapsulated, from the moment its head names a salt; [`answer`]
//! hashes the answer as it is sealed; [`key`] signs both when the content of the answer ends.

pub mod answer;
pub mod key;
pub mod request;

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderName;

/// Asks for a receipt in a request, and carries it in the trailer section of the answer.
pub const RECEIPT_FIELD: HeaderName = HeaderName::from_static("blindllama-receipt");

/// Random bytes of the client, without which the hashes say nothing about the texts.
pub type Salt = [u8; 32];

/// `H(salt || …)`, to be continued.
fn salted(salt: &Salt) -> Context {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context
}

fn finished(context: Context) -> [u8; 32] {
    context.finish().as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
