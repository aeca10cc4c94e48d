//! Why a check did not pass.

use alloc::{boxed::Box, string::String};
use core::ops::Deref;

use crate::{
    Code,
    digits::{push_decimal, push_hex},
    evidence::bundle::Refusal,
    shown::push_shown,
};

/// Longest part of a place that others wrote, in characters.
const MAX_FOREIGN: usize = 128;

/// A code, and what exactly was met where the code alone does not say it.
///
/// One pointer wide: it stands in nearly every result of the verifier, whose size in the page is mostly that of moving results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection(Box<Fault>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// Empty when there is nothing to add.
    pub(crate) place: Place,
}

/// Where a fault is, for a person: words of this verifier, numbers, and names that others wrote. The last are printable and bounded
/// from the moment they are in here, so that no place can hold what a screen must not show. Who calls [`Place::foreign`] has
/// verified who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(String);

impl Place {
    /// Appends words of this verifier.
    pub(crate) fn own(&mut self, words: &'static str) -> &mut Self {
        self.0.push_str(words);
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        push_decimal(&mut self.0, number);
        self
    }

    /// Appends a value that was proven or that follows from one.
    pub(crate) fn hex(&mut self, bytes: &[u8]) -> &mut Self {
        push_hex(&mut self.0, bytes);
        self
    }

    /// Appends what a policy, or a document whose signatures hold, calls something.
    pub(crate) fn foreign(&mut self, name: &str) -> &mut Self {
        let room = MAX_FOREIGN.saturating_sub(self.0.len());
        push_shown(&mut self.0, name, room);
        self
    }

    /// Takes back what was appended after it was `length` long.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Place {
    fn from(words: &'static str) -> Self {
        Self(words.into())
    }
}

impl Rejection {
    pub(crate) fn at(code: Code, place: impl Into<Place>) -> Self {
        Self::new(code, place.into())
    }

    /// At `what` of this number.
    #[cold]
    pub(crate) fn numbered(code: Code, what: &'static str, number: u64) -> Self {
        let mut place = Place::from(what);
        place.number(number);
        Self::new(code, place)
    }

    /// As a part of what `code` says: its own code and place behind `place`.
    #[cold]
    pub(crate) fn within(&self, code: Code, mut place: Place) -> Self {
        place.own(self.code.as_str());
        if !self.place.0.is_empty() {
            place.own(", ").0.push_str(&self.place.0);
        }
        Self::new(code, place)
    }

    #[cold]
    fn new(code: Code, place: Place) -> Self {
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
        Self::new(code, Place::default())
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
