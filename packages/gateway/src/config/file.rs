//! The file's members and their defaults, as they are written.

use serde::{Deserialize, Serialize};

use crate::ohttp::suite::Suite;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) listen: Listen,
    pub(super) audiences: Vec<String>,
    pub(super) instance: String,
    pub(super) tpm: Tpm,
    pub(super) attestation: Attestation,
    pub(super) enrolment: Enrolment,
    pub(super) operator: Operator,
    pub(super) access: Access,
    pub(super) upstream: Upstream,
    pub(super) cors: Cors,
    pub(super) log: Log,
    pub(super) limits: Limits,
    pub(super) channel: Channel,
    pub(super) machine: Machine,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Listen(pub(super) String);

impl Default for Listen {
    fn default() -> Self {
        Self("127.0.0.1:8787".into())
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tpm {
    pub(super) tcti: String,
    pub(super) key: String,
    pub(super) handle: Handle,
    pub(super) timeout_ms: u64,
}

impl Default for Tpm {
    fn default() -> Self {
        Self {
            tcti: "device:/dev/tpmrm0".into(),
            key: "ecc-p256".into(),
            handle: Handle::Text(String::new()),
            timeout_ms: 10_000,
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "an integer, or hexadecimal text such as \"0x81000003\"")]
pub(super) enum Handle {
    Number(u64),
    /// Empty for none.
    Text(String),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Attestation {
    pub(super) bank: String,
    pub(super) pcrs: Vec<u8>,
    pub(super) extend_instance: bool,
    pub(super) event_logs: Vec<String>,
    pub(super) ak_chain: Vec<String>,
    pub(super) more_chains: Vec<Vec<String>>,
    pub(super) platform_report: String,
    pub(super) platform_certificates: Vec<String>,
    pub(super) release: String,
    pub(super) status: String,
}

impl Default for Attestation {
    fn default() -> Self {
        Self {
            bank: "sha256".into(),
            pcrs: Vec::new(),
            extend_instance: false,
            event_logs: Vec::new(),
            ak_chain: Vec::new(),
            more_chains: Vec::new(),
            platform_report: String::new(),
            platform_certificates: Vec::new(),
            release: String::new(),
            status: String::new(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Machine {
    pub(super) egress: Vec<String>,
    pub(super) next_hop: String,
    pub(super) connector: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Enrolment {
    pub(super) keys: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Operator {
    pub(super) keys: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Access {
    pub(super) keys: Vec<String>,
    pub(super) requests_per_minute: u64,
    pub(super) streams: u64,
    pub(super) total_requests_per_minute: u64,
    pub(super) tokens_per_minute: u64,
    pub(super) total_tokens_per_minute: u64,
    pub(super) shared: String,
    pub(super) shared_ca: String,
    pub(super) shared_tls_name: String,
    pub(super) shared_secret: String,
    pub(super) shared_user: String,
    pub(super) shared_password: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) url: String,
    pub(super) urls: Vec<String>,
    pub(super) weights: Vec<u64>,
    pub(super) probe_path: String,
    pub(super) probe_interval_ms: u64,
    pub(super) ca: String,
    pub(super) tls_name: String,
    pub(super) kind: String,
    pub(super) model_digest: String,
    pub(super) api_key: String,
    pub(super) routes: Vec<String>,
    pub(super) fields: Vec<String>,
    pub(super) models: Vec<String>,
    pub(super) prompt_cache: String,
    pub(super) policy: String,
    pub(super) audience: String,
    pub(super) allow_simulated: bool,
}

impl Default for Upstream {
    fn default() -> Self {
        let routes = [
            "POST /v1/chat/completions",
            "POST /v1/completions",
            "POST /v1/embeddings",
            "POST /v1/moderations",
            "POST /v1/responses",
            "GET /v1/models",
            "GET /v1/models/{id}",
        ];
        Self {
            url: String::new(),
            urls: Vec::new(),
            weights: Vec::new(),
            probe_path: String::new(),
            probe_interval_ms: 5000,
            ca: String::new(),
            tls_name: String::new(),
            kind: "unattested".into(),
            model_digest: String::new(),
            api_key: String::new(),
            routes: routes.map(Into::into).into(),
            fields: Vec::new(),
            models: Vec::new(),
            prompt_cache: "shared".into(),
            policy: String::new(),
            audience: String::new(),
            allow_simulated: false,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cors {
    pub(super) origins: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) request_bytes: u64,
    pub(super) field_bytes: u64,
    pub(super) streams: u64,
    pub(super) arriving: u64,
    pub(super) connections: u64,
    pub(super) header_timeout_ms: u64,
    pub(super) body_timeout_ms: u64,
    pub(super) body_rate_bytes: u64,
    pub(super) upstream_timeout_ms: u64,
    pub(super) waiting: u64,
    pub(super) connect_timeout_ms: u64,
    pub(super) drain_notice_ms: u64,
    pub(super) drain_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 68_157_440,
            field_bytes: 65_536,
            streams: 1024,
            arriving: 1024,
            connections: 4096,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            body_rate_bytes: 1024,
            upstream_timeout_ms: 300_000,
            waiting: 16_384,
            connect_timeout_ms: 5000,
            drain_notice_ms: 5000,
            drain_ms: 300_000,
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Channel {
    pub(super) epoch_ms: u64,
    pub(super) grace_ms: u64,
    pub(super) date_window_ms: u64,
    pub(super) replay_capacity: u64,
    pub(super) idempotency_capacity: u64,
    pub(super) suites: Vec<String>,
    pub(super) event_bucket_bytes: u64,
    pub(super) batch_ms: u64,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            epoch_ms: 3_600_000,
            grace_ms: 300_000,
            date_window_ms: 300_000,
            replay_capacity: 1 << 20,
            idempotency_capacity: 1 << 20,
            suites: Suite::ALL.map(|suite| suite.name().into()).into(),
            event_bucket_bytes: 512,
            batch_ms: 0,
        }
    }
}
