//! Binary HTTP (RFC 9292): decodes requests as they arrive, encodes responses of indeterminate length.

pub mod decode;
mod encode;
mod fields;

pub use encode::{END_OF_CONTENT, response_end, response_head};

/// What a request says before its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// Method, as sent.
    pub method: String,
    /// Scheme, as sent.
    pub scheme: String,
    /// Authority, as sent.
    pub authority: String,
    /// Path, with the query if there is one, as sent.
    pub path: String,
    /// Header section, names in lower case.
    pub fields: http::HeaderMap,
}
