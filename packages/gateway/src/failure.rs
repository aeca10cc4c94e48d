//! The one error of the gateway: a code of the registry and, for the operator, what exactly went wrong.

use std::borrow::Cow;

use blindllama_verifier::Code;

/// A refusal. Its `code` is stable and public; its `detail` never holds content, keys, paths of requests or addresses of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why, by the registry.
    pub code: Code,
    /// Which member, line or return code; empty where the code says it all.
    pub detail: Cow<'static, str>,
    /// A sentence for the one who sent the request, which leaves inside the encapsulation, or in the answer to a signed request, alone and
    /// is never logged: it may name what only that one knows, as a path.
    pub told: Cow<'static, str>,
    /// Seconds after which the request may succeed, where that is known.
    pub retry_after: Option<u64>,
}

impl Failure {
    /// A refusal that its code explains fully.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: Cow::Borrowed(""), told: Cow::Borrowed(""), retry_after: None }
    }

    /// A refusal with a detail for the log, or for the caller who owns what it names.
    pub fn with(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..Self::new(code) }
    }

    /// The same with a sentence for the sender of the request.
    #[must_use]
    pub fn telling(self, told: impl Into<Cow<'static, str>>) -> Self {
        Self { told: told.into(), ..self }
    }

    /// The same with the seconds after which the request may succeed.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.code.sentence())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Failure {}
