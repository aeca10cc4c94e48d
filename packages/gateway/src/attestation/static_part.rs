//! The part of the evidence that rarely changes, and the files that it is made of (PROTOCOL.md §3).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::attester::{
    Refused, chain_end, check_chain, check_platform_report, check_processor_chain, processor_chain_end,
};
use blindllama_verifier::evidence::bundle::{EventLog, MAX_STATIC, PlatformReport, ReleaseEvidence, Signed, Static};
use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::arrived::{ArrivedDocuments, Documents};
use super::installed_chain::{Chain, InstalledChain};
use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;
use crate::log::{Level, Log};

/// Chains beside the first one (PROTOCOL.md §3).
pub const MAX_MORE_CHAINS: usize = 3;

/// TCG PC Client Platform Firmware Profile, the one kind of log that version 1 knows.
const PC_CLIENT_LOG: u64 = 1;

/// Azure HCL with an SNP report, the one kind of platform report that version 1 verifies.
const AZURE_SNP_REPORT: u64 = 1;

/// How often files are looked at: a status is signed anew every few days, certificates every few months.
const REFRESH: Duration = Duration::from_secs(5);

/// How certificates in text begin (RFC 7468).
const PEM: &[u8] = b"-----BEGIN ";

/// A chain that ends within so many seconds is warned of: 30 days.
const WARNED_S: i64 = 30 * 24 * 3600;

/// What the log calls a chain that is in no file.
const INSTALLED: &str = "installed chain";

/// How often it is.
const WARN_AGAIN: Duration = Duration::from_secs(24 * 3600);

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
    /// One more of them, which arrives while the gateway runs.
    pub installed: InstalledChain,
    /// Release and status that arrive while the gateway runs.
    pub arrived: ArrivedDocuments,
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

/// Certificates, of which a file may not have been converted: clouds and authorities hand them out as PEM.
fn read_certificates(member: &str, paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    let files = read_files(paths)?;
    for (path, file) in paths.iter().zip(&files) {
        if file.windows(PEM.len()).any(|bytes| bytes == PEM) {
            let path = path.display();
            let how = format!("openssl x509 -in {path} -outform DER -out {path}.der");
            return Err(invalid(&format!("{member}: {path}: this is PEM, and DER is expected: {how}")));
        }
    }
    Ok(files)
}

fn slices(files: &[Vec<u8>]) -> Vec<&[u8]> {
    files.iter().map(Vec::as_slice).collect()
}

/// The file whose certificate ends first, and its last second since 1970; None where the files are no chain.
fn first_end(paths: &[PathBuf], end: impl Fn(&[&[u8]]) -> Option<(usize, i64)>) -> Option<(String, i64)> {
    let files = read_files(paths).ok()?;
    let (index, end) = end(&slices(&files))?;
    Some((paths.get(index)?.display().to_string(), end))
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

/// The chain of the configuration and the installed one, which stands behind all others.
fn with_installed(
    ak_public: &[u8],
    first: Chain,
    mut more: Vec<Chain>,
    installed: Option<&Chain>,
) -> Result<(Chain, Vec<Chain>), Failure> {
    let Some(installed) = installed else { return Ok((first, more)) };
    check_chain(ak_public, &slices(installed))
        .map_err(|(index, code)| invalid(&format!("certificate {index}: {}", Failure::new(code))))?;
    if first.is_empty() {
        return Ok((installed.clone(), more));
    }
    // Clients use the first chain that ends in a root: an older one of the same authority would hide the installed one.
    if first.last() == installed.last() {
        return Ok((installed.clone(), more));
    }
    if let Some(older) = more.iter_mut().find(|chain| chain.last() == installed.last()) {
        older.clone_from(installed);
        return Ok((first, more));
    }
    if more.len() >= MAX_MORE_CHAINS {
        return Err(invalid("attestation.more_chains: 3 chains leave no room for one that is installed"));
    }
    more.push(installed.clone());
    Ok((first, more))
}

impl PlatformFiles {
    fn read(&self) -> Result<(Vec<u8>, Vec<Vec<u8>>), Failure> {
        let report = read_file(&self.report)?;
        let certificates = read_certificates("attestation.platform_certificates", &self.certificates)?;
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
        self.read_with(self.installed.get().as_ref(), &self.arrived.get())
    }

    /// The same with another chain in the place of the installed one, and other documents in the place of those that arrived.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn read_with(&self, installed: Option<&Chain>, arrived: &Documents) -> Result<StaticPart, Failure> {
        let now_ms = SystemClock.wall_ms();
        let Documents { release, status } = arrived.shown(self.release.as_deref(), self.status.as_deref(), now_ms)?;
        let release = release.as_deref().map(ReleaseEvidence::decode).transpose();
        let status = status.as_deref().map(Signed::decode).transpose();
        let chain = |member: &str, paths: &[PathBuf]| {
            let files = read_certificates(member, paths)?;
            check_chain(&self.ak_public, &slices(&files)).map_err(unreadable_one(member, paths))?;
            Ok::<_, Failure>(files)
        };
        let ak_chain = chain("attestation.ak_chain", &self.ak_chain)?;
        let more_chains = self.more_chains.iter().map(|paths| chain("attestation.more_chains", paths));
        let more_chains: Vec<Chain> = more_chains.collect::<Result<_, _>>()?;
        let (ak_chain, more_chains) = with_installed(&self.ak_public, ak_chain, more_chains, installed)?;
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

    /// Whether any of it is in a file that may change, or ends some day.
    #[must_use]
    pub fn may_change(&self) -> bool {
        let in_files = [!self.ak_chain.is_empty(), self.release.is_some(), self.status.is_some()];
        in_files.contains(&true) || self.platform.is_some() || self.installed.get().is_some()
    }

    /// Warns of each chain of which a certificate has ended, or will within 30 days: clients refuse it from then on.
    fn warn(&self, log: &Log) {
        let now = i64::try_from(SystemClock.wall_ms() / 1000).unwrap_or(i64::MAX);
        let configured = std::iter::once(&self.ak_chain).chain(&self.more_chains);
        let configured = configured.filter_map(|paths| first_end(paths, chain_end));
        let processor = self.platform.iter();
        let processor = processor.filter_map(|platform| first_end(&platform.certificates, processor_chain_end));
        let installed = self.installed.get().and_then(|chain| chain_end(&slices(&chain)));
        let installed = installed.map(|(_, end)| (INSTALLED.to_owned(), end));
        for (file, end) in configured.chain(processor).chain(installed) {
            let left = end.saturating_sub(now);
            if left <= WARNED_S {
                let level = if left < 0 { Level::Error } else { Level::Warn };
                log.event(
                    level,
                    "certificate.ends",
                    &[("file", file.into()), ("days", (left.div_euclid(86_400)).into())],
                );
            }
        }
    }

    /// Follows the files as long as somebody takes what is read, and reads them at once when `reload` says so. A file that cannot be
    /// used changes nothing, and is told once.
    pub async fn follow(self, current: watch::Sender<Arc<StaticPart>>, reload: Arc<Notify>, log: Log) {
        let mut is_broken = false;
        self.warn(&log);
        let mut warned = Instant::now();
        loop {
            let asked = tokio::select! {
                () = current.closed() => return,
                () = sleep(REFRESH), if self.may_change() => false,
                () = reload.notified() => true,
            };
            if asked || warned.elapsed() >= WARN_AGAIN {
                self.warn(&log);
                warned = Instant::now();
            }
            match self.read() {
                Ok(part) => {
                    is_broken = false;
                    let changed = current.send_if_modified(|known| {
                        let is_new = known.hash != part.hash;
                        if is_new {
                            *known = Arc::new(part);
                        }
                        is_new
                    });
                    if changed {
                        log.event(Level::Info, "release.read", &[]);
                    }
                    if asked {
                        log.event(Level::Info, "reload", &[("changed", changed.into())]);
                    }
                }
                Err(failure) => {
                    if asked || !is_broken {
                        log.failure(Level::Warn, "release.failed", &failure);
                    }
                    is_broken = true;
                }
            }
        }
    }
}
