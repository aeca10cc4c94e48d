//! Why the machine cannot start, in a sentence on the console.

use std::fmt;

/// What was being done, and why it failed.
#[derive(Debug)]
pub(crate) struct Failure {
    doing: String,
    reason: String,
}

impl Failure {
    pub(crate) fn new(doing: impl Into<String>, reason: impl ToString) -> Self {
        Self { doing: doing.into(), reason: reason.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.doing, self.reason)
    }
}

/// Names what was being done when something failed.
pub(crate) trait Doing<T> {
    /// # Errors
    /// The failure, with `what` before it.
    fn doing(self, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: ToString> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(what, error))
    }
}
