//! Which rules the encoding of a certificate follows.

/// Whose certificates they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As RFC 5280 has them (PROTOCOL.md §17.1).
    Rfc5280,
    /// AMD's of processors, with what they do otherwise (PROTOCOL.md §18.3).
    Amd,
}
