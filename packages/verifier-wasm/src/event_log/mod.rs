//! TCG event logs: what a machine says it measured, believed only as far as the quoted PCRs prove it.
//!
//! | module | holds |
//! | --- | --- |
//! | `parse` | the syntax, strict: every byte of the log is accounted for |
//! | `replay` | the PCR values that follow from the digests |
//! | `rules` | what the Firmware Profile demands of the order of events |
//! | `explain` | what each event means, and whether its digest proves that |
//! | `rule` | what a policy says of the events of a PCR |
//! | `allowed` | whether the events of a PCR are those of its rules |
//! | `required` | the step of the verification |
//!
//! The format is that of the TCG PC Client Platform Firmware Profile (PFP), revision 1.06, §10; the rules are those of
//! PROTOCOL.md §16.

mod allowed;
mod describe;
mod digest;
pub mod event_type;
mod explain;
#[cfg(feature = "inspect")]
pub mod export;
mod finding;
mod firmware;
mod measured;
mod parse;
mod replay;
mod required;
mod rule;
mod rules;
mod signature_list;
#[cfg(test)]
mod tests;
mod text;
mod type_name;
mod variable;
mod write;

pub use explain::{Explained, Explanation};
pub use finding::Finding;
pub use parse::{Event, Log, MAX_EVENTS, MAX_LOG, parse};
pub use replay::{Replayed, replay};
pub(crate) use required::{LogRequirements, required};
pub(crate) use rule::EventRule;
pub(crate) use text::text_or_bytes;
