//! Certificates that were withdrawn before their time (PROTOCOL.md §19).

use super::certificate::Certificate;

/// Whether a certificate was withdrawn before its time.
pub(crate) type IsRevoked<'f> = &'f dyn Fn(&Certificate<'_>) -> bool;
