//! Binary HTTP (RFC 9292): decodes messages as they arrive, encodes messages of indeterminate length.

pub mod decode;
mod encode;
mod fields;
mod padding;

pub use encode::{END_OF_CONTENT, message_end, request_head, response_head};
pub use padding::padme;

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

/// What a response says before its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// Its final status.
    pub status: http::StatusCode,
    /// Header section, names in lower case.
    pub fields: http::HeaderMap,
}
