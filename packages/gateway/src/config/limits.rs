//! Bounds on what strangers hold and on every wait (PROTOCOL.md §12).

use std::time::Duration;

use super::check::{Checked, duration, invalid, size};
use super::{Limits, file};

/// The bounds.
///
/// # Errors
/// `config.invalid`.
pub(super) fn check(limits: &file::Limits) -> Checked<Limits> {
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
