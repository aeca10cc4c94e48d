//! The model server behind the gateway: what may be asked of it, what is passed on, and how its answer is cut.

pub mod address;
pub mod balance;
pub mod client;
mod connector;
pub mod content;
pub mod events;
pub mod headers;
pub mod json_member;
pub mod json_scan;
pub mod models;
pub(crate) mod passage;
pub mod prompt_cache;
pub mod request_fields;
pub mod routes;
pub mod tls;
pub mod usage;
