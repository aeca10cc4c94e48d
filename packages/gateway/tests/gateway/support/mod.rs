//! What the tests start and send with.

pub mod client;
pub mod cloud;
pub mod confidential;
pub mod http;
pub mod outage;
pub mod program;
pub mod receipt;
mod shared;
pub mod swtpm;
pub mod upstream;

pub use client::{Answer, Message};
pub use program::{Gateway, Setup};
pub use swtpm::Swtpm;
pub use upstream::Upstream;
