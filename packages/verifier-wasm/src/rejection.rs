//! Why a check did not pass.

use alloc::string::String;

use crate::{Code, evidence::bundle::Refusal};

/// A code, and what exactly was met where the code alone does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) code: Code,
    /// A member or a name; empty when there is nothing to add.
    pub(crate) place: String,
}

impl Rejection {
    pub(crate) fn at(code: Code, place: impl Into<String>) -> Self {
        Self { code, place: place.into() }
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        Self { code, place: String::new() }
    }
}

impl From<&Self> for Rejection {
    fn from(rejection: &Self) -> Self {
        rejection.clone()
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::at(refusal.code, refusal.member)
    }
}

/// `Ok` where `passed`, else the code.
pub(crate) fn ensure(passed: bool, code: Code) -> Result<(), Rejection> {
    if passed { Ok(()) } else { Err(code.into()) }
}
