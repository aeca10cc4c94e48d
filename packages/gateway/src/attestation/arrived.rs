//! Release and status that an operator sends while the gateway runs (PROTOCOL.md §26). They live as long as the process. The gateway
//! verifies no signature of theirs: clients do.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use blindllama_verifier::Code;
use blindllama_verifier::evidence::bundle::{ReleaseEvidence, Signed};
use serde_json::Value;
use tokio::sync::Notify;

use super::static_part::{Sources, read_file};
use crate::failure::Failure;

/// How far in the future a status may be dated, in milliseconds (PROTOCOL.md §19.5).
const FUTURE_MS: u64 = 300_000;

/// The largest number of a document (PROTOCOL.md §7).
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Documents as `blindllama release pack` writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// Release evidence (§19.1).
    pub release: Option<Vec<u8>>,
    /// A status snapshot.
    pub status: Option<Vec<u8>>,
}

/// The place of what arrived last of each kind.
#[derive(Clone, Debug, Default)]
pub struct ArrivedDocuments(Arc<Mutex<Documents>>);

impl ArrivedDocuments {
    /// What is there now.
    #[must_use]
    pub fn get(&self) -> Documents {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, documents: Documents) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = documents;
    }
}

impl Documents {
    /// The documents to show at `now_ms`: of a file and of what arrived the newer one, and the latter where both are equal. What no client
    /// accepts is newer than nothing: whoever writes the file, and holds no key, cannot keep out what an operator sends by it.
    pub(super) fn shown(&self, release: Option<&Path>, status: Option<&Path>, now_ms: u64) -> Result<Self, Failure> {
        let file = |path: Option<&Path>| path.map(read_file).transpose();
        Ok(Self {
            release: newer(file(release)?, self.release.clone(), version),
            status: newer(file(status)?, self.status.clone(), |status| date_by(status, now_ms)),
        })
    }
}

fn newer(file: Option<Vec<u8>>, arrived: Option<Vec<u8>>, number: impl Fn(&[u8]) -> Option<u64>) -> Option<Vec<u8>> {
    match (file, arrived) {
        (Some(file), Some(arrived)) => Some(if number(&file) > number(&arrived) { file } else { arrived }),
        (file, arrived) => arrived.or(file),
    }
}

/// The version of the manifest.
fn version(release: &[u8]) -> Option<u64> {
    number_in(ReleaseEvidence::decode(release).ok()?.manifest.payload, "version")
}

/// The date of a status, in milliseconds since 1970.
fn date(status: &[u8]) -> Option<u64> {
    number_in(Signed::decode(status).ok()?.payload, "date")
}

/// The same, where it is not in the future.
fn date_by(status: &[u8], now_ms: u64) -> Option<u64> {
    date(status).filter(|date| *date <= now_ms.saturating_add(FUTURE_MS))
}

/// Unsigned by all that the gateway knows, and good enough to compare with.
fn number_in(payload: &[u8], member: &str) -> Option<u64> {
    serde_json::from_slice::<Value>(payload).ok()?.get(member)?.as_u64().filter(|number| *number <= MAX_INTEGER)
}

/// Puts documents into the evidence.
#[derive(Clone, Debug)]
pub struct DocumentPublisher {
    sources: Sources,
    reload: Arc<Notify>,
}

impl DocumentPublisher {
    /// For the evidence that is made of `sources`, which are read again at each notice of `reload`.
    #[must_use]
    pub const fn new(sources: Sources, reload: Arc<Notify>) -> Self {
        Self { sources, reload }
    }

    /// What would be shown with `documents`, which changes nothing yet. Whoever publishes them asks alone.
    ///
    /// # Errors
    /// `operate.document`, `operate.older`.
    pub fn check(&self, documents: &Documents, now_ms: u64) -> Result<Checked, Failure> {
        let Sources { release, status, arrived, .. } = &self.sources;
        let present = arrived.get();
        let shown =
            present.shown(release.as_deref(), status.as_deref(), now_ms).map_err(|failure| of_files(&failure))?;
        let shown_version = shown.release.as_deref().and_then(version);
        let shown_date = shown.status.as_deref().and_then(|status| date_by(status, now_ms));
        let version = compared("release", documents.release.as_deref(), shown_version, version, "version")?;
        let date = compared("status", documents.status.as_deref(), shown_date, date, "date")?;
        if date.is_some_and(|date| date > now_ms.saturating_add(FUTURE_MS)) {
            return refused(Code::OPERATE_DOCUMENT, "status: its date is more than 5 minutes in the future".into());
        }
        let next = Documents {
            release: documents.release.clone().or(present.release),
            status: documents.status.clone().or(present.status),
        };
        self.sources.read_with(self.sources.installed.get().as_ref(), &next).map_err(|failure| of_files(&failure))?;
        Ok(Checked { next, version, date })
    }

    /// Shows what was checked in all evidence that is made from now on.
    pub fn publish(&self, checked: Checked) {
        self.sources.arrived.set(checked.next);
        self.reload.notify_one();
    }
}

/// Documents that may be published.
pub struct Checked {
    next: Documents,
    /// Of a release that was sent.
    pub version: Option<u64>,
    /// Of a status that was sent, in milliseconds since 1970.
    pub date: Option<u64>,
}

/// The number by which documents of a kind follow one another, of the one that was sent.
fn compared(
    kind: &str,
    sent: Option<&[u8]>,
    shown: Option<u64>,
    number: impl Fn(&[u8]) -> Option<u64>,
    member: &str,
) -> Result<Option<u64>, Failure> {
    let Some(sent) = sent else { return Ok(None) };
    let Some(own) = number(sent) else {
        let fault = format!("{kind}: not what `blindllama release pack` writes, or its document has no {member}");
        return refused(Code::OPERATE_DOCUMENT, fault);
    };
    match shown {
        Some(shown) if own < shown => {
            refused(Code::OPERATE_OLDER, format!("{kind}: its {member} is {own}, and {shown} is shown"))
        }
        _ => Ok(Some(own)),
    }
}

/// The sender signed the request, and is told what is wrong with what was sent.
fn refused<T>(code: Code, fault: String) -> Result<T, Failure> {
    Err(Failure::with(code, fault.clone()).telling(fault))
}

/// The detail may name files, which stays in the log.
fn of_files(failure: &Failure) -> Failure {
    let told = "the evidence with it is no evidence; the gateway's log names the fault";
    Failure::with(Code::OPERATE_DOCUMENT, failure.to_string()).telling(told)
}
