//! The configuration: a TOML file and the environment, read strictly into one checked value, and its digest.

mod access;
mod check;
mod digest;
mod file;
mod limits;
mod machine;
mod peer;
mod read;
mod servers;
mod service_variables;
mod shared;
mod tls;
mod upstream;

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::Duration;

use blindllama_verifier::evidence::claims::Upstream;
use http::HeaderName;
use zeroize::Zeroizing;

pub use access::MAX_ACCESS_KEYS;
pub use machine::Egress;
pub use read::{egress, load};

use crate::attestation::epoch::EpochSettings;
use crate::attestation::static_part::PlatformFiles;
use crate::log::Level;
use crate::tpm::TpmSettings;
use crate::upstream::address::Address;
use crate::upstream::models::Models;
use crate::upstream::prompt_cache::CacheBarrier;
use crate::upstream::routes::Route;
use crate::upstream::tls::Trust;
use crate::verification::PeerPolicy;

/// Everything that the gateway was told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `address:port` to listen on.
    pub listen: String,
    /// Names of the service.
    pub audiences: Vec<String>,
    /// Path segment of this process, where the operator chose one.
    pub instance: Option<String>,
    /// The TPM and what it quotes.
    pub tpm: TpmSettings,
    /// Whether PCR 15 is extended with the key of the process at its start.
    pub extend_instance: bool,
    /// Files of event logs.
    pub event_logs: Vec<PathBuf>,
    /// Files of certificates of the attestation key, leaf to root.
    pub ak_chain: Vec<PathBuf>,
    /// The same of further chains of that key, by other authorities.
    pub more_chains: Vec<Vec<PathBuf>>,
    /// Files of what the machine says of itself.
    pub platform: Option<PlatformFiles>,
    /// File of release evidence.
    pub release: Option<PathBuf>,
    /// File of a status snapshot.
    pub status: Option<PathBuf>,
    /// Ed25519 keys of those who may enrol the attestation key; none: nobody may.
    pub enrolment_keys: Vec<[u8; 32]>,
    /// Ed25519 keys of those who may replace release, status and API keys while the gateway runs; none: nobody may.
    pub operator_keys: Vec<[u8; 32]>,
    /// Who may send requests; None: everybody.
    pub access: Option<AccessSettings>,
    /// The model server.
    pub upstream: UpstreamSettings,
    /// What an image lets this process connect to; empty: nothing, or no image.
    pub egress: Vec<SocketAddrV4>,
    /// Pages that may call.
    pub origins: Origins,
    /// What the log holds.
    pub log_level: Level,
    /// Bounds on everything that a stranger can make grow.
    pub limits: Limits,
    /// Key epochs.
    pub epochs: EpochSettings,
    /// How far a request's date may be from now, in milliseconds.
    pub date_window_ms: u64,
    /// Idempotency keys remembered per generation.
    pub idempotency_capacity: usize,
    /// What hides how long the parts of an answer are and when they came.
    pub padding: Padding,
}

/// What hides how long the parts of an answer are and when they came (PROTOCOL.md §10).
#[derive(Clone, Debug)]
pub struct Padding {
    /// Events are padded to multiples of it, in bytes; 0: not padded.
    pub event_bucket: usize,
    /// Events leave together, at its multiples; None: each at once.
    pub batch: Option<Duration>,
}

/// Who may send requests, and how many (PROTOCOL.md §11.2). A limit of None is no limit.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    /// SHA-256 of each API key.
    pub keys: Vec<[u8; 32]>,
    /// Requests of one key in a minute.
    pub requests: Option<u64>,
    /// Answers of one key that are open at once.
    pub streams: Option<usize>,
    /// Requests of all keys in a minute.
    pub total_requests: Option<u64>,
    /// Tokens of one key in a minute.
    pub tokens: Option<u64>,
    /// Tokens of all keys in a minute.
    pub total_tokens: Option<u64>,
    /// The counter of the fleet; None: this process counts alone.
    pub shared: Option<SharedSettings>,
}

/// A Redis in which the gateways of a fleet count together (PROTOCOL.md §11.2).
#[derive(Clone, Debug)]
pub struct SharedSettings {
    /// The address as configured.
    pub url: String,
    /// The address as understood.
    pub address: Address,
    /// Who vouches for it; None where its address is not `rediss`.
    pub tls: Option<TlsSettings>,
    /// What the names of its counters are derived from, the same in the whole fleet.
    pub secret: Zeroizing<[u8; 32]>,
    /// Its user; None: the default one.
    pub user: Option<Zeroizing<String>>,
    /// The password of the user.
    pub password: Option<Zeroizing<String>>,
}

/// The model server and what may be asked of it.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Where it is: one server, or several that are the same to a visitor.
    pub servers: Vec<ServerSettings>,
    /// Who vouches for servers at `https` addresses; None: there are none.
    pub tls: Option<TlsSettings>,
    /// How servers are asked whether they are well; None: they are not.
    pub probe: Option<ProbeSettings>,
    /// What the claims say of it.
    pub kind: Upstream,
    /// What the upstream has to prove, where it is a gateway itself; only then are the claims `attested`.
    pub peer: Option<PeerPolicy>,
    /// Digest of the model, for receipts, where the operator names one.
    pub model_digest: Option<[u8; 32]>,
    /// Key sent in place of the client's.
    pub api_key: Option<Zeroizing<String>>,
    /// What may be called.
    pub routes: Vec<Route>,
    /// Models that clients may see and use; None: all.
    pub models: Option<Models>,
    /// Fields of a request that pass beside those of PROTOCOL.md §11, sorted.
    pub fields: Vec<HeaderName>,
    /// What keeps one visitor's prompt from making another's answer faster.
    pub prompt_cache: CacheBarrier,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// The address as configured.
    pub url: String,
    /// The address as understood.
    pub address: Address,
    /// Its share of the requests, in proportion to the others'.
    pub weight: u64,
}

/// Who vouches for servers that are reached by TLS (PROTOCOL.md §11.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The authorities.
    pub trust: Trust,
    /// The name in every certificate, where it is not the host of the address.
    pub name: Option<String>,
}

/// How servers are asked whether they are well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSettings {
    /// Path behind the address.
    pub path: String,
    /// Pause between two probes of one server.
    pub interval: Duration,
}

impl UpstreamSettings {
    /// Whether requests share connections at every server.
    #[must_use]
    pub fn shares_connections(&self) -> bool {
        self.servers.iter().all(|server| matches!(server.address, Address::Http { http2: true, .. }))
    }

    /// What the claims say of it. A gateway that need not prove more than a simulated TPM, or may itself send plaintext to anyone, proves
    /// no more to a page than no gateway at all.
    #[must_use]
    pub fn claim(&self) -> Upstream {
        match &self.peer {
            Some(policy) if !policy.is_strict() => Upstream::Unattested,
            _ => self.kind,
        }
    }
}

/// Pages that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Pages of any origin.
    Any,
    /// Pages of these origins, sorted.
    Listed(Vec<String>),
}

/// Bounds (PROTOCOL.md §12).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Plaintext bytes of one request.
    pub request_bytes: u64,
    /// Bytes of its header section.
    pub field_bytes: u64,
    /// Encapsulated requests that run at once.
    pub streams: usize,
    /// Encapsulated requests that arrive at once: not yet opened, or too short to be forwarded.
    pub arriving: usize,
    /// Connections at once.
    pub connections: usize,
    /// Time for an outer request header.
    pub header_timeout: Duration,
    /// Longest pause of a client.
    pub body_timeout: Duration,
    /// Least average rate of a request body, in bytes a second.
    pub body_rate: u64,
    /// Longest pause of the upstream.
    pub upstream_timeout: Duration,
    /// Evidence requests at once.
    pub waiting: usize,
    /// Time for a connection to the upstream, with the resolution of its name and the handshake of TLS.
    pub connect_timeout: Duration,
    /// How long a gateway that was told to stop still accepts connections, so that proxies notice.
    pub drain_notice: Duration,
    /// How long after the signal answers may go on.
    pub drain: Duration,
}

#[cfg(test)]
mod tests;
