//! What the tests start and send with.

use std::time::Duration;

use tokio::time::timeout;

pub mod attack;
pub mod attester;
pub mod client;
pub mod cloud;
pub mod enroller;
pub mod http;
pub mod memory;
pub mod model_process;
pub mod operator;
pub mod outage;
pub mod ports;
pub mod program;
pub mod receipt;
pub mod redis;
pub mod shared;
pub mod swtpm;
pub mod tls_server;
pub mod upstream;

pub use client::{Answer, Message};
pub use program::{Gateway, Setup};
pub use redis::Redis;
pub use swtpm::Swtpm;
pub use upstream::Upstream;

/// Bounds every wait for something that a working gateway does by itself. Long, since other tests need the processor too.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for `event`; panics with what is missing when it does not come within [`PATIENCE`].
pub async fn in_time<T>(what: &str, event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("{what}: nothing within {PATIENCE:?}"))
}
