//! X.509 certificates of attestation keys: from the bytes of `akChain` to a key that a pinned root vouches for.
//!
//! | module | reads |
//! | --- | --- |
//! | `der` | DER, strictly |
//! | `certificate`, `name`, `time`, `key`, `extensions` | RFC 5280 §4, every field |
//! | `form` | which rules the encoding follows |
//! | `path`, `revocation` | RFC 5280 §6.1, leaf to root; what was withdrawn |
//! | `profiles` | what each issuer's leaves must be beyond that |

mod certificate;
mod der;
#[cfg(feature = "inspect")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
mod export;
mod extensions;
mod form;
mod key;
mod name;
mod path;
pub(crate) mod profiles;
mod revocation;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use certificate::Certificate;
#[cfg(feature = "inspect")]
pub(crate) use export::certificates_of;
#[cfg(any(feature = "fuzzing", not(target_family = "wasm")))]
pub(crate) use form::Form;
#[cfg(not(target_family = "wasm"))]
pub(crate) use path::without_padding;
pub(crate) use profiles::{ChainAnchor, Instance, InstancePins, Profile, VmKind, vm_kind};
pub(crate) use revocation::IsRevoked;
