//! From the text of a policy to a policy, strictly (PROTOCOL.md §7).

use alloc::vec::Vec;

use super::{Anchor, Assurance, EventRule, Platform, Policy, Release, Rule, suite::Suite};
use crate::{
    Code,
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
    release::{Demands, bank, config_digests, golden_values, of_pcr},
    tpm::PCR_COUNT,
};

const POLICY: Kind = Kind { name: "", syntax: Code::POLICY_SYNTAX, invalid: Code::POLICY_INVALID };

/// Largest text of a policy, in bytes.
const MAX_POLICY: usize = 256 << 10;

/// PCRs that software can reset or that change without end: no demand on them means anything.
const UNCHECKED_ONLY: [u8; 3] = [10, 16, 23];

/// PCRs of firmware, which changes unannounced where somebody else runs the machine.
const FIRMWARE: [u8; 7] = [0, 1, 2, 3, 5, 6, 7];

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
        version.ensure(version.integer(0, u64::MAX) == VERSION, Flaw::Unsupported);
        let audience = top.optional("audience").map(Item::name);
        let mut anchors = Vec::new();
        for item in top.required("anchors").each(1, 16) {
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
        let Pcrs { bank, rules, events, replayed } = Pcrs::read(top.required("pcrs"));
        let demands = Demands::read(top);
        let releases = match top.optional("releases") {
            None if demands.signed_releases() => Vec::new(),
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
            events,
            replayed,
            releases,
            demands,
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
    events: Vec<(u8, Vec<EventRule<'d>>)>,
    replayed: Vec<u8>,
}

impl<'d> Pcrs<'d> {
    fn read(item: &'d Item<'d>) -> Self {
        let bank = bank(item);
        let listed = item.required("rules");
        let (mut rules, mut events) = (Vec::new(), Vec::new());
        for index in 0..PCR_COUNT {
            let Some(item) = of_pcr(listed, index) else { continue };
            let rule = if item.is_object() {
                events.push((index, EventRule::list(item, bank)));
                Rule::Events
            } else {
                let named = item.one_of(&[Rule::Golden, Rule::Untouched, Rule::Unchecked], Rule::as_str);
                named.unwrap_or(Rule::Unchecked)
            };
            let is_meant = match rule {
                Rule::Unchecked => true,
                Rule::Events => FIRMWARE.contains(&index),
                Rule::Golden | Rule::Untouched => !UNCHECKED_ONLY.contains(&index),
            };
            item.ensure(is_meant, Flaw::Invalid);
            rules.push((index, rule));
        }
        listed.end();
        let named = item.optional("replay").map_or_else(Vec::new, |item| replay(item, &rules));
        item.end();
        listed.ensure(rules.iter().any(|(_, rule)| *rule == Rule::Golden), Flaw::Invalid);
        let mut replayed = Vec::new();
        for (index, rule) in &rules {
            if *rule == Rule::Events || named.contains(index) {
                replayed.push(*index);
            }
        }
        Self { bank, rules, events, replayed }
    }
}

/// The PCRs that the event log must explain.
fn replay<'d>(item: &'d Item<'d>, rules: &[(u8, Rule)]) -> Vec<u8> {
    let mut replayed = Vec::new();
    if item.is_text() {
        item.ensure(item.text() == "quoted", Flaw::Syntax);
        for (index, _) in rules {
            if matches!(index, 0..=9 | 11..=14) {
                replayed.push(*index);
            }
        }
        item.ensure(!replayed.is_empty(), Flaw::Invalid);
        return replayed;
    }
    let (mut is_distinct, mut are_known) = (true, true);
    for item in item.each(1, PCR_COUNT.into()) {
        let index = item.integer(0, 23) as u8;
        is_distinct &= !replayed.contains(&index);
        are_known &= rules.iter().any(|(other, _)| *other == index) && !UNCHECKED_ONLY.contains(&index);
        replayed.push(index);
    }
    item.ensure(is_distinct && are_known, Flaw::Invalid);
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
    let pcrs = golden_values(listed, bank, |_| true);
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
