//! The part of the evidence that rarely changes, and the files that it is made of (PROTOCOL.md §3).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::evidence::bundle::{EventLog, MAX_STATIC, ReleaseEvidence, Signed, Static};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::failure::Failure;
use crate::log::{Level, Log};

/// TCG PC Client Platform Firmware Profile, the one kind of log that version 1 knows.
const PC_CLIENT_LOG: u64 = 1;

/// How often release and status are looked at: a status is signed anew every few days.
const REFRESH: Duration = Duration::from_secs(5);

/// The part of the evidence that rarely changes, encoded once.
pub struct StaticPart {
    /// The encoding that travels.
    pub encoded: Vec<u8>,
    /// The hash by which bundles and clients name it.
    pub hash: [u8; 32],
}

/// What the static part is made of.
#[derive(Clone, Debug)]
pub struct Sources {
    /// TPMT_PUBLIC of the attestation key.
    pub ak_public: Vec<u8>,
    /// Event logs, read once: the firmware writes them before anything else runs.
    pub event_logs: Vec<Vec<u8>>,
    /// File of release evidence (§19.1), as `blindllama release pack` writes it.
    pub release: Option<PathBuf>,
    /// File of a status snapshot.
    pub status: Option<PathBuf>,
}

/// Reads a whole file.
///
/// # Errors
/// `config.read`
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::with(Code::CONFIG_READ, format!("{}: {error}", path.display())))
}

fn invalid(what: &str) -> Failure {
    Failure::with(Code::CONFIG_INVALID, what.to_owned())
}

impl Sources {
    /// Reads the files and encodes everything.
    ///
    /// # Errors
    /// `config.read`; `config.invalid` for what no client would read.
    pub fn read(&self) -> Result<StaticPart, Failure> {
        let file = |path: &Option<PathBuf>| path.as_deref().map(read_file).transpose();
        let (release, status) = (file(&self.release)?, file(&self.status)?);
        let release = release.as_deref().map(ReleaseEvidence::decode).transpose();
        let status = status.as_deref().map(Signed::decode).transpose();
        let encoded = Static {
            ak_public: &self.ak_public,
            event_logs: self.event_logs.iter().map(|bytes| EventLog { kind: PC_CLIENT_LOG, bytes }).collect(),
            release: release.map_err(|_| invalid("attestation.release: not what `blindllama release pack` writes"))?,
            status: status.map_err(|_| invalid("attestation.status: not what `blindllama release pack` writes"))?,
            ..Static::default()
        }
        .encode();
        if encoded.len() > MAX_STATIC || Static::decode(&encoded).is_err() {
            return Err(invalid("attestation.event_logs: too many or too long"));
        }
        let hash = Static::hash(&encoded);
        Ok(StaticPart { encoded, hash })
    }

    /// Follows the files as long as somebody takes what is read. A file that cannot be used changes nothing, and is told once.
    pub async fn follow(self, current: watch::Sender<Arc<StaticPart>>, log: Log) {
        let mut is_broken = false;
        loop {
            tokio::select! {
                () = current.closed() => return,
                () = sleep(REFRESH) => {}
            }
            match self.read() {
                Ok(part) => {
                    is_broken = false;
                    if current.send_if_modified(|known| {
                        let is_new = known.hash != part.hash;
                        if is_new {
                            *known = Arc::new(part);
                        }
                        is_new
                    }) {
                        log.event(Level::Info, "release.read", &[]);
                    }
                }
                Err(failure) => {
                    if !is_broken {
                        log.failure(Level::Warn, "release.failed", &failure);
                    }
                    is_broken = true;
                }
            }
        }
    }
}
