//! The part of the evidence that rarely changes, and the files that it is made of (PROTOCOL.md §3).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::attester::{Refused, check_chain, check_platform_report, check_processor_chain};
use blindllama_verifier::evidence::bundle::{EventLog, MAX_STATIC, PlatformReport, ReleaseEvidence, Signed, Static};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::failure::Failure;
use crate::log::{Level, Log};

/// TCG PC Client Platform Firmware Profile, the one kind of log that version 1 knows.
const PC_CLIENT_LOG: u64 = 1;

/// Azure HCL with an SNP report, the one kind of platform report that version 1 verifies.
const AZURE_SNP_REPORT: u64 = 1;

/// How often files are looked at: a status is signed anew every few days, certificates every few months.
const REFRESH: Duration = Duration::from_secs(5);

/// The part of the evidence that rarely changes, encoded once.
pub struct StaticPart {
    /// The encoding that travels, shared by all who are sent it.
    pub encoded: Bytes,
    /// The hash by which bundles and clients name it.
    pub hash: [u8; 32],
}

/// What the static part is made of.
#[derive(Clone, Debug)]
pub struct Sources {
    /// TPMT_PUBLIC of the attestation key.
    pub ak_public: Vec<u8>,
    /// Files of DER certificates of that key, leaf to root.
    pub ak_chain: Vec<PathBuf>,
    /// The same of further chains of that key, by other authorities.
    pub more_chains: Vec<Vec<PathBuf>>,
    /// Event logs, read once: the firmware writes them before anything else runs.
    pub event_logs: Vec<Vec<u8>>,
    /// Files of what the machine says of itself.
    pub platform: Option<PlatformFiles>,
    /// File of release evidence (§19.1), as `blindllama release pack` writes it.
    pub release: Option<PathBuf>,
    /// File of a status snapshot.
    pub status: Option<PathBuf>,
}

/// A confidential machine of Azure on AMD SEV-SNP (PROTOCOL.md §18).
#[derive(Clone, Debug)]
pub struct PlatformFiles {
    /// File of what NVRAM index 0x01400001 holds.
    pub report: PathBuf,
    /// Files of DER certificates: VCEK, ASK, ARK.
    pub certificates: Vec<PathBuf>,
}

/// Reads a whole file.
///
/// # Errors
/// `config.read`
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::with(Code::CONFIG_READ, format!("{}: {error}", path.display())))
}

fn read_files(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    paths.iter().map(|path| read_file(path)).collect()
}

fn slices(files: &[Vec<u8>]) -> Vec<&[u8]> {
    files.iter().map(Vec::as_slice).collect()
}

fn invalid(what: &str) -> Failure {
    Failure::with(Code::CONFIG_INVALID, what.to_owned())
}

/// What no client would read, in which file.
fn unreadable(member: &str, path: &Path, code: Code) -> Failure {
    Failure::with(Code::CONFIG_INVALID, format!("{member}: {}: {}", path.display(), Failure::new(code)))
}

/// The same in one of several files.
fn unreadable_one<'a>(member: &'a str, paths: &'a [PathBuf]) -> impl FnOnce(Refused) -> Failure + 'a {
    move |(index, code)| unreadable(member, paths.get(index).map_or(Path::new(""), PathBuf::as_path), code)
}

impl PlatformFiles {
    fn read(&self) -> Result<(Vec<u8>, Vec<Vec<u8>>), Failure> {
        let (report, certificates) = (read_file(&self.report)?, read_files(&self.certificates)?);
        check_platform_report(&report).map_err(|code| unreadable("attestation.platform_report", &self.report, code))?;
        check_processor_chain(&slices(&certificates))
            .map_err(unreadable_one("attestation.platform_certificates", &self.certificates))?;
        Ok((report, certificates))
    }
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
        let chain = |member: &str, paths: &[PathBuf]| {
            let files = read_files(paths)?;
            check_chain(&self.ak_public, &slices(&files)).map_err(unreadable_one(member, paths))?;
            Ok::<_, Failure>(files)
        };
        let ak_chain = chain("attestation.ak_chain", &self.ak_chain)?;
        let more_chains = self.more_chains.iter().map(|paths| chain("attestation.more_chains", paths));
        let more_chains: Vec<Vec<Vec<u8>>> = more_chains.collect::<Result<_, _>>()?;
        let platform = self.platform.as_ref().map(PlatformFiles::read).transpose()?;
        let platform_reports = platform.iter().map(|(report, certificates)| PlatformReport {
            kind: AZURE_SNP_REPORT,
            report,
            certificates: slices(certificates),
        });
        let encoded = Static {
            ak_public: &self.ak_public,
            ak_chain: slices(&ak_chain),
            more_chains: more_chains.iter().map(|chain| slices(chain)).collect(),
            event_logs: self.event_logs.iter().map(|bytes| EventLog { kind: PC_CLIENT_LOG, bytes }).collect(),
            release: release.map_err(|_| invalid("attestation.release: not what `blindllama release pack` writes"))?,
            platform_reports: platform_reports.collect(),
            status: status.map_err(|_| invalid("attestation.status: not what `blindllama release pack` writes"))?,
        }
        .encode();
        if encoded.len() > MAX_STATIC || Static::decode(&encoded).is_err() {
            return Err(invalid("attestation.event_logs: too many or too long"));
        }
        let hash = Static::hash(&encoded);
        Ok(StaticPart { encoded: encoded.into(), hash })
    }

    /// Whether any of it is in a file that may change.
    #[must_use]
    pub fn may_change(&self) -> bool {
        !self.ak_chain.is_empty() || self.platform.is_some() || self.release.is_some() || self.status.is_some()
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
