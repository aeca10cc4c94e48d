//! What a configuration must keep to, beyond its types.

use std::path::PathBuf;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::evidence::bundle::Bank;
use blindllama_verifier::evidence::claims::{MAX_LIFETIME_MS, Upstream, is_instance};
use http::HeaderName;
use zeroize::Zeroizing;

use super::file::{self, File, Handle};
use super::{
    AccessSettings, Config, Egress, Limits, Origins, Padding, UpstreamSettings, machine, peer, servers, shared, tls,
};
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
use crate::upstream::address::Address;
use crate::upstream::models::Models;
use crate::upstream::prompt_cache::CacheBarrier;
use crate::upstream::request_fields::may_be_added;
use crate::upstream::routes::{Content, ModelPlace, Route};

/// Longer, and clients would take the stream for a dead one.
const LONGEST_BATCH_MS: u64 = 10_000;

/// Who may enrol (PROTOCOL.md §22.1).
const MAX_SIGNERS: usize = 8;

/// Models that may be listed (PROTOCOL.md §11.4).
const MAX_MODELS: usize = 256;

/// API keys (PROTOCOL.md §11.2): each request is compared with every one of them.
pub const MAX_ACCESS_KEYS: usize = 4096;

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
fn choose<T>(member: &str, name: &str, choices: &[(&'static str, T)]) -> Checked<T>
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
fn size(member: &str, value: u64) -> Checked<usize> {
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
        let upstream = upstream(self.upstream, !self.access.keys.is_empty(), out)?;
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
            access: access(&self.access, |address| shared::passage(address, &egress, connector.as_deref()))?,
            upstream,
            egress,
            origins: origins(self.cors.origins)?,
            log_level: choose(
                "log.level",
                &self.log.level,
                &[Level::Error, Level::Warn, Level::Info].map(|level| (level.as_str(), level)),
            )?,
            limits: limits(&self.limits)?,
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

fn access(access: &file::Access, out: impl Fn(Address) -> Checked<Address>) -> Checked<Option<AccessSettings>> {
    let keys: Option<Vec<_>> = access.keys.iter().map(|text| decode_32(text)).collect();
    let Some(keys) = keys.filter(|keys| keys.len() <= MAX_ACCESS_KEYS && distinct(keys)) else {
        return invalid(
            "access.keys",
            "at most 4096 distinct SHA-256 of API keys, 32 bytes each in lower-case hexadecimal",
        );
    };
    let bounds = [
        access.requests_per_minute,
        access.streams,
        access.total_requests_per_minute,
        access.tokens_per_minute,
        access.total_tokens_per_minute,
    ];
    if keys.is_empty() {
        return if bounds.iter().all(|bound| *bound == 0) {
            shared::check(access, out).map(|_| None)
        } else {
            invalid("access.keys", "at least one, since there is a limit for each key; without keys nothing is counted")
        };
    }
    let bound = |member: &str, value: u64| (value != 0).then(|| size(member, value)).transpose();
    let count = |member: &str, value: u64| bound(member, value).map(|bound| bound.map(|bound| bound as u64));
    Ok(Some(AccessSettings {
        keys,
        requests: count("access.requests_per_minute", access.requests_per_minute)?,
        streams: bound("access.streams", access.streams)?,
        total_requests: count("access.total_requests_per_minute", access.total_requests_per_minute)?,
        tokens: count("access.tokens_per_minute", access.tokens_per_minute)?,
        total_tokens: count("access.total_tokens_per_minute", access.total_tokens_per_minute)?,
        shared: shared::check(access, out)?,
    }))
}

fn upstream(
    upstream: file::Upstream,
    has_access_keys: bool,
    out: impl Fn(&str, Address) -> Checked<Address>,
) -> Checked<UpstreamSettings> {
    let tls = tls::check(&upstream)?;
    let servers = servers::check(&upstream, tls.as_ref(), out)?;
    let probe = servers::probe(&upstream)?;
    let kinds = [Upstream::InImage, Upstream::Attested, Upstream::Unattested].map(|kind| (kind.as_str(), kind));
    let kind = choose("upstream.kind", &upstream.kind, &kinds)?;
    let peer = peer::check(kind, &upstream, &servers)?;
    if kind == Upstream::InImage && !servers.iter().all(|server| server.address.is_local()) {
        return invalid("upstream.kind", "in-image needs a UNIX socket or a loopback address (not a name)");
    }
    if upstream.routes.is_empty() || !distinct(&upstream.routes) {
        return invalid("upstream.routes", "at least one, all distinct");
    }
    let routes = upstream.routes.iter().map(|text| match Route::parse(text) {
        Some(route) => Ok(route),
        None => invalid("upstream.routes", "a route that this gateway does not know"),
    });
    let api_key = Some(Zeroizing::new(upstream.api_key)).filter(|key| !key.is_empty());
    if api_key.as_ref().is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        return invalid("upstream.api_key", "visible ASCII only");
    }
    let model_digest = match upstream.model_digest.as_str() {
        "" => None,
        text => match decode_32(text) {
            Some(digest) => Some(digest),
            None => return invalid("upstream.model_digest", "32 bytes in lower-case hexadecimal"),
        },
    };
    let routes = routes.collect::<Checked<Vec<Route>>>()?;
    let fields = fields(&upstream.fields, api_key.is_some())?;
    let barriers = CacheBarrier::ALL.map(|barrier| (barrier.as_str(), barrier));
    let prompt_cache = choose("upstream.prompt_cache", &upstream.prompt_cache, &barriers)?;
    keeps_apart(prompt_cache, &routes)?;
    // With either, no credentials of the client reach the server.
    let shares_account = api_key.is_some() || has_access_keys;
    if let (true, Some(route)) = (shares_account, routes.iter().find(|route| route.shows_account())) {
        let why = format!(
            "with upstream.api_key or access.keys all visitors share one account, and {route} shows or deletes what others stored"
        );
        return invalid("upstream.routes", &why);
    }
    if let (2.., Some(route)) = (servers.len(), routes.iter().find(|route| route.needs_same_server())) {
        let why = format!(
            "{route} finds what an earlier request left at one of upstream.urls; another server has none of it"
        );
        return invalid("upstream.routes", &why);
    }
    let models = models(upstream.models, &routes)?;
    Ok(UpstreamSettings {
        servers,
        tls,
        probe,
        models,
        kind,
        peer,
        model_digest,
        api_key,
        routes,
        fields,
        prompt_cache,
    })
}

fn models(mut names: Vec<String>, routes: &[Route]) -> Checked<Option<Models>> {
    if names.is_empty() {
        return Ok(None);
    }
    if names.len() > MAX_MODELS || !distinct(&names) || names.iter().any(|name| !matches!(name.len(), 1..=255)) {
        return invalid("upstream.models", "at most 256 distinct names of 1 to 255 bytes");
    }
    if let Some(route) = routes.iter().find(|route| route.model_place() == ModelPlace::Hidden) {
        let why = format!(
            "the model of {route} is in a form or in a file, where the gateway does not look; leave the route out of upstream.routes"
        );
        return invalid("upstream.models", &why);
    }
    names.sort_unstable();
    Ok(Some(Models::new(names)))
}

/// Whether the barrier reaches every prompt: the claim about the cache would be false for the others.
fn keeps_apart(barrier: CacheBarrier, routes: &[Route]) -> Checked<()> {
    let (unreached, mend) = match barrier {
        CacheBarrier::Shared | CacheBarrier::None => return Ok(()),
        // llama.cpp reads the member of prompts that it completes alone.
        CacheBarrier::Off => ([Content::Salted, Content::Apart].as_slice(), "start the server with --no-cache-prompt"),
        CacheBarrier::Salted => ([Content::Apart].as_slice(), "start the server without a cache of prompts"),
    };
    match routes.iter().find(|route| unreached.contains(&route.content())) {
        Some(route) => invalid(
            "upstream.prompt_cache",
            &format!(
                "\"{}\" does not reach the prompts of {route}; leave it out of upstream.routes, or {mend} and write \"none\"",
                barrier.as_str()
            ),
        ),
        None => Ok(()),
    }
}

fn fields(names: &[String], has_key: bool) -> Checked<Vec<HeaderName>> {
    if !distinct(names) {
        return invalid("upstream.fields", "all distinct");
    }
    let mut fields = Vec::new();
    for name in names {
        match HeaderName::from_lowercase(name.as_bytes()) {
            Ok(field) if may_be_added(&field, has_key) => fields.push(field),
            Ok(_) => return invalid("upstream.fields", &format!("{name} is never passed on (PROTOCOL.md §11)")),
            Err(_) => return invalid("upstream.fields", "names of fields in lower case"),
        }
    }
    fields.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(fields)
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

fn limits(limits: &file::Limits) -> Checked<Limits> {
    if limits.field_bytes > limits.request_bytes {
        return invalid("limits.field_bytes", "must not exceed limits.request_bytes");
    }
    if limits.field_bytes == 0 {
        return invalid("limits.field_bytes", "at least 1");
    }
    // 0: nobody is given notice.
    let drain_notice = Duration::from_millis(limits.drain_notice_ms);
    let drain = duration("limits.drain_ms", limits.drain_ms)?;
    if drain_notice > drain {
        return invalid("limits.drain_notice_ms", "must not exceed limits.drain_ms");
    }
    Ok(Limits {
        request_bytes: limits.request_bytes,
        field_bytes: limits.field_bytes,
        streams: size("limits.streams", limits.streams)?,
        arriving: size("limits.arriving", limits.arriving)?,
        connections: size("limits.connections", limits.connections)?,
        header_timeout: duration("limits.header_timeout_ms", limits.header_timeout_ms)?,
        body_timeout: duration("limits.body_timeout_ms", limits.body_timeout_ms)?,
        body_rate: size("limits.body_rate_bytes", limits.body_rate_bytes)? as u64,
        upstream_timeout: duration("limits.upstream_timeout_ms", limits.upstream_timeout_ms)?,
        waiting: size("limits.waiting", limits.waiting)?,
        connect_timeout: duration("limits.connect_timeout_ms", limits.connect_timeout_ms)?,
        drain_notice,
        drain,
    })
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
