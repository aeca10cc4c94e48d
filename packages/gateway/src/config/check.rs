//! What a configuration must keep to, beyond its types.

use std::path::PathBuf;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::evidence::bundle::Bank;
use blindllama_verifier::evidence::claims::{MAX_LIFETIME_MS, is_instance};

use super::file::{self, File, Handle};
use super::{Config, Egress, Origins, Padding, access, limits, machine, shared, upstream};
use crate::attestation::epoch::EpochSettings;
use crate::attestation::static_part::{MAX_MORE_CHAINS, PlatformFiles};
use crate::failure::Failure;
use crate::hex::decode_32;
use crate::log::Level;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::ohttp::suite::Suite;
use crate::tpm::attester::socket_of;
use crate::tpm::measure::MeasuredPcr;
use crate::tpm::{KeyKind, KeySource, TpmSettings, is_tcti};

/// Longer, and clients would take the stream for a dead one.
const LONGEST_BATCH_MS: u64 = 10_000;

/// Who may enrol (PROTOCOL.md §22.1).
const MAX_SIGNERS: usize = 8;

pub(super) type Checked<T> = Result<T, Failure>;

/// Kinds of attestation keys and their names.
const KEY_KINDS: [(&str, KeyKind); 4] = [
    ("ecc-p256", KeyKind::EccP256),
    ("ecc-p384", KeyKind::EccP384),
    ("rsa-2048", KeyKind::Rsa2048),
    ("rsapss-2048", KeyKind::Rsapss2048),
];

pub(super) fn invalid<T>(member: &str, why: &str) -> Checked<T> {
    Err(Failure::with(Code::CONFIG_INVALID, format!("{member}: {why}")))
}

/// The one of `choices` with this name.
pub(super) fn choose<T>(member: &str, name: &str, choices: &[(&'static str, T)]) -> Checked<T>
where
    T: Copy,
{
    match choices.iter().find(|(known, _)| *known == name) {
        Some((_, choice)) => Ok(*choice),
        None => {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            invalid(member, &format!("one of {}", names.join(", ")))
        }
    }
}

/// A number of things; more than 2^28 of anything is a slip.
pub(super) fn size(member: &str, value: u64) -> Checked<usize> {
    match usize::try_from(value) {
        Ok(value) if (1..=1 << 28).contains(&value) => Ok(value),
        _ => invalid(member, "between 1 and 268435456"),
    }
}

pub(super) fn duration(member: &str, value_ms: u64) -> Checked<Duration> {
    if value_ms == 0 || value_ms > MAX_LIFETIME_MS {
        return invalid(member, "between 1 ms and a day");
    }
    Ok(Duration::from_millis(value_ms))
}

pub(super) fn distinct<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(i, item)| !items.iter().skip(i.saturating_add(1)).any(|other| other == item))
}

impl File {
    pub(super) fn check(self) -> Checked<Config> {
        if !matches!(self.audiences.len(), 1..=16)
            || !distinct(&self.audiences)
            || self.audiences.iter().any(|name| !matches!(name.len(), 1..=255))
        {
            return invalid("audiences", "1 to 16 distinct texts of 1 to 255 bytes");
        }
        let instance = Some(self.instance).filter(|instance| !instance.is_empty());
        if instance.as_ref().is_some_and(|instance| !is_instance(instance)) {
            return invalid("instance", "must match [a-z0-9]{1,32}");
        }
        let egress = Egress::of(&self.machine)?.addresses;
        let connector = machine::connector(&self.machine)?;
        let out = |member: &str, address| machine::passage(member, address, &egress, connector.as_deref());
        let upstream = upstream::check(self.upstream, !self.access.keys.is_empty(), out)?;
        Ok(Config {
            listen: self.listen.0,
            audiences: self.audiences,
            instance,
            extend_instance: self.attestation.extend_instance,
            event_logs: paths(&self.attestation.event_logs),
            ak_chain: ak_chain(&self.attestation)?,
            more_chains: more_chains(&self.attestation)?,
            platform: platform(&self.attestation)?,
            release: path(&self.attestation.release),
            status: path(&self.attestation.status),
            tpm: tpm(&self.tpm, &self.attestation)?,
            enrolment_keys: signers("enrolment.keys", &self.enrolment.keys)?,
            operator_keys: signers("operator.keys", &self.operator.keys)?,
            access: access::check(&self.access, |address| shared::passage(address, &egress, connector.as_deref()))?,
            upstream,
            egress,
            origins: origins(self.cors.origins)?,
            log_level: choose(
                "log.level",
                &self.log.level,
                &[Level::Error, Level::Warn, Level::Info].map(|level| (level.as_str(), level)),
            )?,
            limits: limits::check(&self.limits)?,
            date_window_ms: u64::try_from(duration("channel.date_window_ms", self.channel.date_window_ms)?.as_millis())
                .unwrap_or(MAX_LIFETIME_MS),
            idempotency_capacity: size("channel.idempotency_capacity", self.channel.idempotency_capacity)?,
            padding: padding(&self.channel)?,
            epochs: epochs(&self.channel)?,
        })
    }
}

fn path(text: &str) -> Option<PathBuf> {
    Some(text).filter(|text| !text.is_empty()).map(PathBuf::from)
}

fn paths(texts: &[String]) -> Vec<PathBuf> {
    texts.iter().map(PathBuf::from).collect()
}

fn ak_chain(attestation: &file::Attestation) -> Checked<Vec<PathBuf>> {
    // A leaf and the root above it at least (PROTOCOL.md §17.2).
    if !matches!(attestation.ak_chain.len(), 0 | 2..=8) {
        return invalid("attestation.ak_chain", "2 to 8 files, the leaf first and the root last, or none");
    }
    Ok(paths(&attestation.ak_chain))
}

fn more_chains(attestation: &file::Attestation) -> Checked<Vec<Vec<PathBuf>>> {
    let chains = &attestation.more_chains;
    if chains.len() > MAX_MORE_CHAINS || chains.iter().any(|chain| !matches!(chain.len(), 2..=8)) {
        return invalid("attestation.more_chains", "at most 3 lists of 2 to 8 files, the leaf first and the root last");
    }
    if attestation.ak_chain.is_empty() && !chains.is_empty() {
        return invalid("attestation.more_chains", "attestation.ak_chain is the first chain, and comes before them");
    }
    Ok(chains.iter().map(|chain| paths(chain)).collect())
}

fn platform(attestation: &file::Attestation) -> Checked<Option<PlatformFiles>> {
    let certificates = paths(&attestation.platform_certificates);
    match (path(&attestation.platform_report), certificates.len()) {
        (None, 0) => Ok(None),
        (Some(report), 3) => Ok(Some(PlatformFiles { report, certificates })),
        (None, _) => invalid("attestation.platform_report", "needed with attestation.platform_certificates"),
        // A report without them proves nothing (PROTOCOL.md §18.3).
        (Some(_), _) => invalid("attestation.platform_certificates", "three files: VCEK, ASK, ARK"),
    }
}

/// The handle in `tpm.handle`; None for none.
fn handle(handle: &file::Handle) -> Checked<Option<u32>> {
    let number = match handle {
        Handle::Text(text) if text.is_empty() => return Ok(None),
        Handle::Text(text) => text
            .strip_prefix("0x")
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok()),
        Handle::Number(number) => u32::try_from(*number).ok(),
    };
    match number {
        // TPM_HT_PERSISTENT (TPM 2.0 Part 2 §7.2)
        Some(handle @ 0x8100_0000..=0x81ff_ffff) => Ok(Some(handle)),
        _ => invalid("tpm.handle", "a persistent handle, 0x81000000 to 0x81ffffff"),
    }
}

fn tpm(tpm: &file::Tpm, attestation: &file::Attestation) -> Checked<TpmSettings> {
    if tpm.tcti.starts_with("swtpm:path=") {
        return invalid("tpm.tcti", "tpm2-tss ignores `path` and would connect to port 2321; name host and port");
    }
    let attester = socket_of(&tpm.tcti);
    if attester.is_some_and(|path| !path.is_absolute()) {
        return invalid("tpm.tcti", "an attester has an absolute path, as in \"attester:/run/blindllama/attester\"");
    }
    if attester.is_none() && !is_tcti(&tpm.tcti) {
        return invalid(
            "tpm.tcti",
            &format!(
                "{:?} names no TPM; write for example \"device:/dev/tpmrm0\" or \"swtpm:host=127.0.0.1,port=2321\"",
                tpm.tcti
            ),
        );
    }
    let mut selection = attestation.pcrs.clone();
    selection.sort_unstable();
    if selection.is_empty() || !distinct(&selection) || selection.iter().any(|index| *index > 23) {
        return invalid("attestation.pcrs", "at least one index, all distinct, from 0 to 23");
    }
    let instance = MeasuredPcr::Instance.index();
    if attestation.extend_instance && !selection.contains(&instance) {
        return invalid("attestation.pcrs", "15 is missing, which attestation.extend_instance has extended");
    }
    if attestation.event_logs.len() > 4 {
        return invalid("attestation.event_logs", "at most 4");
    }
    let kind = choose("tpm.key", &tpm.key, &KEY_KINDS)?;
    Ok(TpmSettings {
        tcti: tpm.tcti.clone(),
        key: handle(&tpm.handle)?.map_or(KeySource::Primary(kind), KeySource::Persistent),
        timeout: duration("tpm.timeout_ms", tpm.timeout_ms)?,
        bank: choose("attestation.bank", &attestation.bank, &[Bank::Sha256, Bank::Sha384].map(|b| (b.as_str(), b)))?,
        selection,
    })
}

/// Who may sign requests of their own to the gateway.
fn signers(member: &str, texts: &[String]) -> Checked<Vec<[u8; 32]>> {
    let keys: Option<Vec<_>> = texts.iter().map(|text| decode_32(text)).collect();
    match keys {
        Some(keys) if keys.len() <= MAX_SIGNERS && distinct(&keys) => Ok(keys),
        _ => invalid(member, "at most 8 distinct Ed25519 public keys, 32 bytes each in lower-case hexadecimal"),
    }
}

fn origins(mut origins: Vec<String>) -> Checked<Origins> {
    if origins == ["*"] {
        return Ok(Origins::Any);
    }
    if !distinct(&origins) || !origins.iter().all(|origin| is_origin(origin)) {
        return invalid("cors.origins", "distinct ASCII origins such as https://chat.example, or \"*\" alone");
    }
    origins.sort_unstable();
    Ok(Origins::Listed(origins))
}

/// Whether this is how a browser writes an origin (RFC 6454 §6.2): scheme, host, a port only if it is not the default.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    matches!(scheme, "http" | "https")
        && !rest.is_empty()
        && !rest.ends_with(default_port)
        && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'))
        && rest.parse::<http::uri::Authority>().is_ok()
}

fn padding(channel: &file::Channel) -> Checked<Padding> {
    let event_bucket = match usize::try_from(channel.event_bucket_bytes) {
        Ok(bucket) if bucket == 0 || (64..=CHUNK_PLAINTEXT).contains(&bucket) => bucket,
        _ => return invalid("channel.event_bucket_bytes", "between 64 and 16384, or 0 for events as long as they are"),
    };
    if channel.batch_ms > LONGEST_BATCH_MS {
        return invalid("channel.batch_ms", "at most 10000, or 0 for each event at once");
    }
    let batch = Duration::from_millis(channel.batch_ms);
    Ok(Padding { event_bucket, batch: Some(batch).filter(|batch| !batch.is_zero()) })
}

fn epochs(channel: &file::Channel) -> Checked<EpochSettings> {
    duration("channel.epoch_ms", channel.epoch_ms)?;
    duration("channel.grace_ms", channel.grace_ms)?;
    if channel.epoch_ms.saturating_add(channel.grace_ms) > MAX_LIFETIME_MS {
        return invalid("channel.epoch_ms", "with channel.grace_ms at most a day");
    }
    if channel.suites.is_empty() || !distinct(&channel.suites) {
        return invalid("channel.suites", "at least one, all distinct");
    }
    let known = Suite::ALL.map(|suite| (suite.name(), suite));
    let suites = channel.suites.iter().map(|name| choose("channel.suites", name, &known));
    Ok(EpochSettings {
        epoch_ms: channel.epoch_ms,
        grace_ms: channel.grace_ms,
        replay_capacity: size("channel.replay_capacity", channel.replay_capacity)?,
        suites: suites.collect::<Checked<_>>()?,
    })
}
