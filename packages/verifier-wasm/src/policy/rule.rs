//! What a policy demands of one PCR (PROTOCOL.md §7).

use super::derived::Derived;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Equals the value of the one release that matches.
    Golden,
    /// Each of its events is one that is allowed.
    Events,
    /// Still has the value of a reset.
    Untouched,
    /// Follows from a member of the claims.
    Derived(Derived),
    /// Is shown and compared with nothing.
    Unchecked,
}

impl Rule {
    /// Those that a policy writes as a name.
    pub(super) const NAMED: [Self; 5] = [
        Self::Golden,
        Self::Untouched,
        Self::Derived(Derived::Config),
        Self::Derived(Derived::Instance),
        Self::Unchecked,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Golden => "golden",
            Self::Events => "events",
            Self::Untouched => "untouched",
            Self::Derived(derived) => derived.as_str(),
            Self::Unchecked => "unchecked",
        }
    }
}
