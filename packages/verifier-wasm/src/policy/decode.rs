//! From the text of a policy to a policy, strictly (PROTOCOL.md §7).

use alloc::vec::Vec;

use super::{Anchor, Assurance, Platform, Policy, Release, Rule, suite::Suite};
use crate::{
    Code,
    event_log::EventRule,
    evidence::{
        VERSION,
        bundle::Bank,
        claims::{MAX_LIFETIME_MS, Upstream},
    },
    json::{
        documents::{Documents, Flaw, Kind},
        item::{Item, are_distinct},
    },
    rejection::Rejection,
    release::{ReleasePolicy, bank, config_digests, golden_values, of_pcr},
    tpm::PCR_COUNT,
};

const POLICY: Kind = Kind { name: "", syntax: Code::POLICY_SYNTAX, invalid: Code::POLICY_INVALID };

/// Largest text of a policy, in bytes.
const MAX_POLICY: usize = 256 << 10;

/// PCRs that software can reset or that change without end: no demand on them means anything.
const UNCHECKED_ONLY: u32 = 1 << 10 | 1 << 16 | 1 << 23;

/// PCRs of firmware, which changes unannounced where somebody else runs the machine.
const FIRMWARE: u32 = 0b1110_1111;

/// Those that `"quoted"` stands for, where they have a rule: 0 to 9 and 11 to 14.
const QUOTED: u32 = 0b0111_1011_1111_1111;

impl<'d> Policy<'d> {
    /// # Errors
    /// `policy.size`, `policy.syntax`, `policy.invalid` or `policy.unsupported`, and the member at fault.
    pub(crate) fn decode(text: &[u8], documents: &'d Documents<'d>) -> Result<Self, Rejection> {
        if text.len() > MAX_POLICY {
            return Err(Code::POLICY_SIZE.into());
        }
        POLICY.read(text, documents, Self::read)
    }

    fn read(top: &'d Item<'d>) -> Self {
        let version = top.required("version");
        version.ensure(version.integer(1, u64::MAX) == VERSION, Flaw::Unsupported);
        // For editors alone: a text, whose value decides nothing.
        if let Some(schema) = top.optional("$schema") {
            schema.ensure(schema.is_text(), Flaw::Syntax);
        }
        let audience = top.optional("audience").map(Item::name);
        let mut anchors = Vec::new();
        for item in top.required("anchors").each(1, 256) {
            anchors.push(Anchor::read(item));
        }
        let accept_assurance = named(
            top.optional("acceptAssurance"),
            &Assurance::ALL,
            Assurance::as_str,
            &[Assurance::CloudVtpm, Assurance::CvmBound, Assurance::HardwareTpm],
        );
        let accept_upstream = named(
            top.optional("acceptUpstream"),
            &Upstream::ALL,
            Upstream::as_str,
            &[Upstream::InImage, Upstream::Attested],
        );
        let Pcrs { bank, rules, allow_partial_coverage, events, replayed } = Pcrs::read(top.required("pcrs"));
        let release_policy = ReleasePolicy::read(top);
        let releases = match top.optional("releases") {
            None if release_policy.signed_releases() => Vec::new(),
            _ => releases(top.required("releases"), bank, &rules),
        };
        let config_digests = config_digests(top);
        let platform = top.optional("platform").map(Platform::read);
        let max_age_ms = top.optional("maxAgeMs").map_or(3_600_000, |item| item.integer(1000, MAX_LIFETIME_MS));
        let require_safe_clock = top.optional("requireSafeClock").is_some_and(Item::bool);
        let monotonic = top.optional("requireMonotonicState");
        let require_monotonic_state = monotonic.is_some_and(Item::bool);
        // Outside of the endorsement hierarchy a TPM obfuscates what would have to be compared.
        if let Some(item) = monotonic.filter(|_| require_monotonic_state) {
            item.ensure(anchors.iter().all(|anchor| anchor.endorsement), Flaw::Invalid);
        }
        let suites = top.optional("suites").map(suites);
        top.end();
        Self {
            audience,
            anchors,
            accept_assurance,
            accept_upstream,
            bank,
            rules,
            allow_partial_coverage,
            events,
            replayed,
            releases,
            release_policy,
            config_digests,
            platform,
            max_age_ms,
            require_safe_clock,
            require_monotonic_state,
            suites,
        }
    }
}

/// A list of `all` values by their names; without the list the usual ones.
fn named<'d, T: Copy>(list: Option<&'d Item<'d>>, all: &[T], name: fn(T) -> &'static str, usual: &[T]) -> Vec<T> {
    let Some(list) = list else { return usual.into() };
    let mut values = Vec::new();
    for item in list.each(1, all.len()) {
        if let Some(value) = item.one_of(all, name) {
            values.push(value);
        }
    }
    values
}

/// What a policy says of PCRs in `pcrs`.
struct Pcrs<'d> {
    bank: Bank,
    rules: Vec<(u8, Rule)>,
    allow_partial_coverage: bool,
    events: Vec<(u8, Vec<EventRule<'d>>)>,
    replayed: Vec<u8>,
}

impl<'d> Pcrs<'d> {
    fn read(item: &'d Item<'d>) -> Self {
        let bank = bank(item);
        let listed = item.required("rules");
        let (mut rules, mut events, mut replayable) = (Vec::new(), Vec::new(), 0);
        for index in 0..PCR_COUNT {
            let Some(item) = of_pcr(listed, index) else { continue };
            let rule = if item.is_object() {
                events.push((index, EventRule::list(item, bank)));
                Rule::Events
            } else {
                item.one_of(&Rule::NAMED, Rule::as_str).unwrap_or(Rule::Unchecked)
            };
            let bit = 1 << index;
            let is_meant = match rule {
                Rule::Unchecked => true,
                Rule::Events => FIRMWARE & bit != 0,
                Rule::Golden => UNCHECKED_ONLY & bit == 0,
                // Every firmware extends PCR 0.
                Rule::Untouched => (UNCHECKED_ONLY | 1) & bit == 0,
                Rule::Derived(derived) => derived.index() == index,
            };
            item.ensure(is_meant, Flaw::Invalid);
            rules.push((index, rule));
            // What follows from the claims follows from no log: firmware measured none of it.
            if !matches!(rule, Rule::Derived(_)) {
                replayable |= bit;
            }
        }
        listed.end();
        let named = item.optional("replay").map_or(0, |item| replay(item, replayable));
        let allow_partial_coverage = item.optional("allowPartialCoverage").is_some_and(Item::bool);
        item.end();
        listed.ensure(rules.iter().any(|(_, rule)| *rule == Rule::Golden), Flaw::Invalid);
        let mut replayed = Vec::new();
        for (index, rule) in &rules {
            if *rule == Rule::Events || named & 1 << index != 0 {
                replayed.push(*index);
            }
        }
        Self { bank, rules, allow_partial_coverage, events, replayed }
    }
}

/// The PCRs that the event log must explain, a bit for each, of those that it can.
fn replay<'d>(item: &'d Item<'d>, replayable: u32) -> u32 {
    let (mut replayed, mut is_distinct) = (0, true);
    if item.is_text() {
        item.ensure(item.is("quoted"), Flaw::Syntax);
        replayed = replayable & QUOTED;
    } else {
        for item in item.each(1, PCR_COUNT.into()) {
            let bit = 1 << item.integer(0, 23);
            is_distinct &= replayed & bit == 0;
            replayed |= bit;
        }
    }
    let is_known = replayed & !replayable == 0 && replayed & UNCHECKED_ONLY == 0;
    item.ensure(is_distinct && is_known && replayed != 0, Flaw::Invalid);
    replayed
}

fn releases<'d>(listed: &'d Item<'d>, bank: Bank, rules: &[(u8, Rule)]) -> Vec<Release<'d>> {
    let items = listed.each(1, 64);
    let mut releases = Vec::new();
    for item in items {
        releases.push(release(item, bank, rules));
    }
    listed.ensure(are_distinct(items, "name"), Flaw::Invalid);
    releases
}

fn release<'d>(item: &'d Item<'d>, bank: Bank, rules: &[(u8, Rule)]) -> Release<'d> {
    let name = item.required("name").name();
    let listed = item.required("pcrs");
    let pcrs = golden_values(listed, bank, u32::MAX);
    let config_digests = config_digests(item);
    item.end();
    let mut golden = rules.iter().filter(|(_, rule)| *rule == Rule::Golden);
    listed.ensure(
        pcrs.iter().all(|(index, _)| golden.next().is_some_and(|(golden, _)| golden == index))
            && golden.next().is_none(),
        Flaw::Invalid,
    );
    Release { name, pcrs, config_digests }
}

fn suites<'d>(list: &'d Item<'d>) -> Vec<Suite> {
    let mut suites = Vec::new();
    for item in list.each(1, 16) {
        match Suite::from_name(item.text()) {
            Some(suite) => suites.push(suite),
            None => item.ensure(false, Flaw::Unsupported),
        }
    }
    suites
}
