//! Who may release what, what was released, and what was withdrawn (PROTOCOL.md §19).
//!
//! | module | holds |
//! | --- | --- |
//! | `policy` | what a policy says of all this, and each step of §19.7 |
//! | `document` | the three kinds of signed documents, and what exactly is signed |
//! | `key_set` | whose signatures count, and how keys are replaced |
//! | `manifest`, `values` | what was released: reference values that belong together |
//! | `status` | what was withdrawn, releases and certificates |
//! | `export` | whether a verifier reads a document that was just made |
//! | `log` | that everybody could see the release |

mod document;
#[cfg(any(test, feature = "inspect"))]
mod export;
mod key_set;
mod log;
mod manifest;
mod policy;
mod status;
#[cfg(test)]
mod tests;
mod values;

#[cfg(feature = "fuzzing")]
pub(crate) use document::Authentic;
#[cfg(feature = "fuzzing")]
pub(crate) use log::is_proof;
pub(crate) use manifest::Manifest;
pub(crate) use policy::{ReleaseContext, ReleasePolicy};
pub(crate) use status::Status;
pub(crate) use values::{Candidate, PcrValues, Search, bank, config_digests, golden_values, of_pcr};
