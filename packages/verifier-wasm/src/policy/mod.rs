//! What the author of the page demands (PROTOCOL.md §7): the root of all trust.

mod anchor;
mod assurance;
mod coverage;
mod decode;
mod derived;
mod platform;
mod rule;
mod suite;

use alloc::vec::Vec;

pub use assurance::Assurance;
pub(crate) use platform::{Platform, Processor};
pub(crate) use rule::Rule;
pub use suite::Suite;

pub(crate) use anchor::{Anchor, AnchorMatch, Evidence, Voucher, caveat};

use crate::{
    Code,
    event_log::{self, EventRule, Explanation, Finding, LogRequirements},
    evidence::{
        bundle::{Bank, EventLog},
        claims::{Claims, Upstream},
    },
    rejection::{Place, Rejection, ensure},
    release::{Candidate, Manifest, PcrValues, ReleasePolicy, Search},
    tpm::{PCR_COUNT, is_reset_value},
};

#[derive(Clone, Debug)]
pub(crate) struct Policy<'d> {
    /// None: the caller's.
    pub(crate) audience: Option<&'d str>,
    anchors: Vec<Anchor<'d>>,
    accept_assurance: Vec<Assurance>,
    accept_upstream: Vec<Upstream>,
    pub(crate) bank: Bank,
    /// Index and rule, ascending: the indices are the selection that the quote must have.
    pub(crate) rules: Vec<(u8, Rule)>,
    pub(crate) allow_partial_coverage: bool,
    /// What the rules allow that tell events apart, ascending by PCR.
    pub(crate) events: Vec<(u8, Vec<EventRule<'d>>)>,
    /// The PCRs that the event log must explain, ascending; none: no log is asked for.
    pub(crate) replayed: Vec<u8>,
    /// Empty where all releases are signed.
    releases: Vec<Release<'d>>,
    /// What signed releases have to be.
    pub(crate) release_policy: ReleasePolicy<'d>,
    config_digests: Vec<&'d [u8; 32]>,
    pub(crate) platform: Option<Platform<'d>>,
    pub(crate) max_age_ms: u64,
    pub(crate) require_safe_clock: bool,
    pub(crate) require_monotonic_state: bool,
    /// None: every suite that the engine supports.
    suites: Option<Vec<Suite>>,
}

/// A set of measurements that was released together.
#[derive(Clone, Debug)]
pub(crate) struct Release<'d> {
    name: &'d str,
    /// Index and value of every PCR whose rule is golden, ascending.
    pcrs: PcrValues<'d>,
    config_digests: Vec<&'d [u8; 32]>,
}

impl Release<'_> {
    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            name: self.name,
            manifest: None,
            parts: [""; 2],
            values: [&self.pcrs, &[]],
            config_digests: &self.config_digests,
        }
    }
}

impl Policy<'_> {
    /// What the quote must cover: a bit for each PCR that has a rule.
    pub(crate) fn selection(&self) -> u32 {
        self.rules.iter().fold(0, |selection, (index, _)| selection | 1 << index)
    }

    /// What an event log of the evidence tells; None where no log is asked for. `values` are those of `rules`, in their order.
    pub(crate) fn explained<'a>(
        &self,
        logs: &[EventLog<'a>],
        values: &[&[u8]],
    ) -> Option<Result<Explanation<'a>, Finding>> {
        let Self { bank, replayed, events, .. } = self;
        let mut quoted = Vec::new();
        for ((index, rule), value) in self.rules.iter().zip(values) {
            // What follows from the claims needs no log.
            if !matches!(rule, Rule::Derived(_)) {
                quoted.push((*index, *value));
            }
        }
        let requirements = LogRequirements { bank: *bank, replayed, events };
        if replayed.is_empty() { None } else { Some(event_log::required(logs, &requirements, &quoted)) }
    }

    /// The first anchor that vouches for the key: by its Name, or by a chain.
    pub(crate) fn anchor<'a>(&self, evidence: &Evidence<'_, 'a>) -> Result<AnchorMatch<'_, 'a>, Rejection> {
        anchor::find(&self.anchors, evidence)
    }

    /// Whether the policy accepts what the anchor gives. A simulated TPM needs the caller's word as well.
    pub(crate) fn accepts(&self, assurance: Assurance, allow_simulated: bool) -> Result<(), Rejection> {
        let listed = self.accept_assurance.contains(&assurance);
        match assurance {
            Assurance::Simulated => ensure(listed && allow_simulated, Code::AK_SIMULATED),
            _ => ensure(listed, Code::AK_ASSURANCE),
        }
    }

    /// Whether the claims name the audience: the policy's, else the caller's.
    pub(crate) fn serves(&self, claims: &Claims<'_>, audience: &str) -> Result<(), Rejection> {
        let audience = self.audience.unwrap_or(audience);
        ensure(claims.audiences.contains(&audience), Code::CLAIMS_AUDIENCE)
    }

    pub(crate) fn accepts_upstream(&self, upstream: Upstream) -> Result<(), Rejection> {
        ensure(self.accept_upstream.contains(&upstream), Code::CLAIMS_UPSTREAM)
    }

    pub(crate) fn accepts_suite(&self, suite: Suite) -> bool {
        self.suites.as_ref().is_none_or(|suites| suites.contains(&suite))
    }

    /// Whether measurements may match without a manifest.
    pub(crate) fn pins_releases(&self) -> bool {
        !self.releases.is_empty()
    }

    /// The one release whose every value is the quoted one: of the policy, or of the manifest that the evidence brought and
    /// whose signatures were verified. `values` are those of `rules`, in their order.
    pub(crate) fn release<'a>(
        &'a self,
        values: &[&[u8]],
        claims: &Claims<'_>,
        manifest: Option<&'a Manifest<'a>>,
    ) -> Result<Candidate<'a>, Rejection> {
        let mut quoted = Vec::new();
        for ((index, rule), value) in self.rules.iter().zip(values) {
            if *index == 0 && is_start_value(value) {
                return Err(Code::PCR_BANK_UNEXTENDED.into());
            }
            if *rule == Rule::Untouched && !is_reset_value(*index, value) {
                return Err(Rejection::numbered(Code::PCR_TOUCHED, PCR, (*index).into()));
            }
            if let Rule::Derived(derived) = rule {
                derived.check(self.bank, claims, value)?;
            }
            if *rule == Rule::Golden {
                quoted.push((*index, *value));
            }
        }
        let mut search = Search { quoted: &quoted, closest: None };
        for release in &self.releases {
            search.consider(release.candidate());
        }
        if let Some(manifest) = manifest {
            manifest.offer(&mut search);
        }
        match search.closest {
            Some((0, candidate)) => Ok(candidate),
            closest => Err(mismatch(closest)),
        }
    }

    /// Whether the gateway's configuration is one that the policy or the matched release lists.
    pub(crate) fn accepts_config(&self, release: &Candidate<'_>, digest: &[u8; 32]) -> Result<(), Rejection> {
        let listed = self.config_digests.contains(&digest) || release.config_digests.contains(&digest);
        ensure(listed, Code::CLAIMS_CONFIG)
    }
}

/// Whether nothing extended PCR 0 of the bank. Its last byte starts with the locality of TPM2_Startup (TPM 2.0 Part 1 §34.3).
fn is_start_value(value: &[u8]) -> bool {
    value.iter().rev().skip(1).all(|byte| *byte == 0)
}

const PCR: &str = "PCR ";

/// Names the PCRs in which the release differs that comes closest.
fn mismatch(closest: Option<(u32, Candidate<'_>)>) -> Rejection {
    let mut place = Place::default();
    if let Some((differing, candidate)) = closest {
        place = named(differing);
        place.own(" of ").foreign(candidate.name);
    }
    Rejection::at(Code::PCR_MISMATCH, place)
}

/// The PCRs of a mask, a bit for each, ascending.
fn named(pcrs: u32) -> Place {
    let mut place = Place::default();
    for index in (0..PCR_COUNT).filter(|index| pcrs >> index & 1 == 1) {
        place.own(if place.as_str().is_empty() { "" } else { " " }).own(PCR).number(index.into());
    }
    place
}
