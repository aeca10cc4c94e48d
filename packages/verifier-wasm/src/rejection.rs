//! Why a check did not pass.

use alloc::{boxed::Box, string::String};
use core::ops::Deref;

use crate::{Code, evidence::bundle::Refusal};

/// A code, and what exactly was met where the code alone does not say it.
///
/// One pointer wide: it stands in nearly every result of the verifier, whose size in the page is mostly that of moving results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection(Box<Fault>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// A member or a name; empty when there is nothing to add.
    pub(crate) place: String,
}

impl Rejection {
    pub(crate) fn at(code: Code, place: impl Into<String>) -> Self {
        Self::new(code, place.into())
    }

    #[cold]
    fn new(code: Code, place: String) -> Self {
        Self(Box::new(Fault { code, place }))
    }
}

impl Deref for Rejection {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        Self::new(code, String::new())
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
