//! What a verification ends in (PROTOCOL.md §9). A channel key exists only inside a passed verdict.

mod report;
mod step;
mod write;

use alloc::{string::String, vec::Vec};

pub use report::Report;
pub use step::{Status, Step, StepId};

pub(crate) use step::{Recorder, Stop};

use crate::{
    Code,
    json::writer::{ITEM, Writer},
    policy::{Assurance, Suite},
};

/// The end of a verification.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every required step passed.
    Passed {
        /// What was proven, step by step.
        report: Report,
        /// What the anchor that matched is worth. [`Assurance::Simulated`] proves nothing.
        assurance: Assurance,
        /// What requests may be encrypted to.
        key: AttestedKey,
        /// For the caller to keep until the next verification (PROTOCOL.md §20); None where there is nothing to keep.
        next_state: Option<Vec<u8>>,
    },
    /// A step failed; the steps after it were not made.
    Failed {
        /// What was proven before.
        report: Report,
        /// Of the step that failed.
        code: Code,
        /// Where exactly, for a person; empty where the code says it all.
        detail: String,
        /// For the caller to keep as that of a passed verdict: what signed documents withdrew (PROTOCOL.md §20), and nothing of the
        /// attestation key. None where nothing new was learned.
        next_state: Option<Vec<u8>>,
    },
}

/// The channel key that a passed verdict releases. There is no other way to one: nobody else can make this type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttestedKey {
    /// Names the gateway process; part of the path of the channel's endpoint.
    pub instance: String,
    /// Names the key epoch.
    pub epoch_id: [u8; 16],
    /// The one key configuration that was chosen, RFC 9458 §3.1, without the prefix that it has in a list.
    pub key_config: Vec<u8>,
    /// Of that configuration.
    pub key_id: u8,
    /// What the channel uses with it.
    pub suite: Suite,
    /// As the KEM serialises it.
    pub public_key: Vec<u8>,
    /// The gateway's wall clock, in milliseconds since 1970, when the quote was asked for.
    pub server_time_ms: u64,
    /// For how long after the nonce was sent the key may be used, in milliseconds.
    pub valid_for_ms: u64,
}

impl Verdict {
    /// What was proven, step by step.
    #[must_use]
    pub const fn report(&self) -> &Report {
        match self {
            Self::Passed { report, .. } | Self::Failed { report, .. } => report,
        }
    }

    /// The code of the step that failed; None for a passed verdict.
    #[must_use]
    pub const fn failure(&self) -> Option<Code> {
        match self {
            Self::Passed { .. } => None,
            Self::Failed { code, .. } => Some(*code),
        }
    }

    /// UTF-8 JSON of the shape that `ts/verdict.ts` declares.
    #[must_use]
    pub fn to_json(&self) -> String {
        Writer::value(|json| json.object(ITEM, |json| write::verdict(json, self)))
    }
}
