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
    json::members::{Item, Kind},
    rejection::Rejection,
    release::{Demands, each_pcr, golden_value},
    tpm::PCR_COUNT,
};

const POLICY: Kind = Kind { name: "", syntax: Code::POLICY_SYNTAX, invalid: Code::POLICY_INVALID };

/// Largest text of a policy, in bytes.
const MAX_POLICY: usize = 256 << 10;

/// PCRs that software can reset or that change without end: no demand on them means anything.
const UNCHECKED_ONLY: [u8; 3] = [10, 16, 23];

/// PCRs of firmware, which changes unannounced where somebody else runs the machine.
const FIRMWARE: [u8; 7] = [0, 1, 2, 3, 5, 6, 7];

impl Policy {
    /// # Errors
    /// `policy.size`, `policy.syntax`, `policy.invalid` or `policy.unsupported`, and the member at fault.
    pub(crate) fn decode(text: &[u8]) -> Result<Self, Rejection> {
        if text.len() > MAX_POLICY {
            return Err(Code::POLICY_SIZE.into());
        }
        POLICY.read(text, Self::read)
    }

    fn read(text: &Item<'_>) -> Result<Self, Rejection> {
        let top = text.object()?;
        let version = top.required("version")?;
        if version.integer(0..=u64::MAX)? != VERSION {
            return Err(version.unsupported());
        }
        let audience = top.optional("audience").map(|item| item.name()).transpose()?;
        let anchors = top.required("anchors")?.each(1..=16, Anchor::decode)?;
        let accept_assurance = match top.optional("acceptAssurance") {
            Some(item) => item.each(1..=5, |item| item.one_of(&Assurance::ALL, Assurance::as_str))?,
            None => [Assurance::CloudVtpm, Assurance::CvmBound, Assurance::HardwareTpm].into(),
        };
        let accept_upstream = match top.optional("acceptUpstream") {
            Some(item) => item.each(1..=3, |item| item.one_of(&Upstream::ALL, Upstream::as_str))?,
            None => [Upstream::InImage, Upstream::Attested].into(),
        };
        let Pcrs { bank, rules, events, replayed } = Pcrs::read(&top.required("pcrs")?)?;
        let demands = Demands::read(&top)?;
        let releases = match top.optional("releases") {
            None if demands.signed_releases() => Vec::new(),
            _ => releases(&top.required("releases")?, bank, &rules)?,
        };
        let config_digests = config_digests(top.optional("configDigests"))?;
        let platform = top.optional("platform").map(|item| Platform::read(&item)).transpose()?;
        let max_age_ms = match top.optional("maxAgeMs") {
            Some(item) => item.integer(1000..=MAX_LIFETIME_MS)?,
            None => 3_600_000,
        };
        let require_safe_clock = flag(top.optional("requireSafeClock"))?;
        let monotonic = top.optional("requireMonotonicState");
        let require_monotonic_state = flag(monotonic)?;
        // Outside of the endorsement hierarchy a TPM obfuscates what would have to be compared.
        if let Some(item) =
            monotonic.filter(|_| require_monotonic_state && !anchors.iter().all(|anchor| anchor.endorsement))
        {
            return Err(item.invalid());
        }
        let suites = top.optional("suites").map(|item| item.each(1..=16, suite)).transpose()?;
        top.end(&[])?;
        Ok(Self {
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
        })
    }
}

fn flag(item: Option<Item<'_>>) -> Result<bool, Rejection> {
    item.map_or(Ok(false), |item| item.bool())
}

/// What a policy says of PCRs in `pcrs`.
struct Pcrs {
    bank: Bank,
    rules: Vec<(u8, Rule)>,
    events: Vec<(u8, Vec<EventRule>)>,
    replayed: Vec<u8>,
}

impl Pcrs {
    fn read(item: &Item<'_>) -> Result<Self, Rejection> {
        let members = item.object()?;
        let bank = members.required("bank")?.one_of(&[Bank::Sha256, Bank::Sha384], Bank::as_str)?;
        let listed = members.required("rules")?;
        let (mut rules, mut events) = (Vec::new(), Vec::new());
        for (index, (rule, allowed)) in each_pcr(&listed, |index, item| rule(index, item, bank))? {
            rules.push((index, rule));
            events.extend(allowed.map(|allowed| (index, allowed)));
        }
        let mut replayed = members.optional("replay").map_or_else(|| Ok(Vec::new()), |item| replay(&item, &rules))?;
        members.end(&[])?;
        if !rules.iter().any(|(_, rule)| *rule == Rule::Golden) {
            return Err(listed.invalid());
        }
        let is_replayed = |index: &u8| replayed.contains(index) || events.iter().any(|(other, _)| other == index);
        replayed = rules.iter().map(|(index, _)| *index).filter(is_replayed).collect();
        Ok(Self { bank, rules, events, replayed })
    }
}

fn rule(index: u8, item: &Item<'_>, bank: Bank) -> Result<(Rule, Option<Vec<EventRule>>), Rejection> {
    let (rule, events) = if item.is_object() {
        (Rule::Events, Some(EventRule::list(item, bank)?))
    } else {
        (item.one_of(&[Rule::Golden, Rule::Untouched, Rule::Unchecked], Rule::as_str)?, None)
    };
    let is_meant = match rule {
        Rule::Unchecked => true,
        Rule::Events => FIRMWARE.contains(&index),
        Rule::Golden | Rule::Untouched => !UNCHECKED_ONLY.contains(&index),
    };
    if is_meant { Ok((rule, events)) } else { Err(item.invalid()) }
}

/// The PCRs that the event log must explain.
fn replay(item: &Item<'_>, rules: &[(u8, Rule)]) -> Result<Vec<u8>, Rejection> {
    let selected = rules.iter().map(|(index, _)| *index);
    let replayed: Vec<u8> = if item.is_text() {
        item.one_of(&["quoted"], |name| name)?;
        selected.clone().filter(|index| matches!(index, 0..=9 | 11..=14)).collect()
    } else {
        item.each(1..=PCR_COUNT.into(), |item| Ok(item.integer(0..=23)? as u8))?
    };
    let is_distinct = (1..).zip(&replayed).all(|(next, index)| !replayed.iter().skip(next).any(|other| other == index));
    let is_known = |index: &u8| selected.clone().any(|other| other == *index) && !UNCHECKED_ONLY.contains(index);
    if is_distinct && !replayed.is_empty() && replayed.iter().all(is_known) {
        Ok(replayed)
    } else {
        Err(item.invalid())
    }
}

fn releases(listed: &Item<'_>, bank: Bank, rules: &[(u8, Rule)]) -> Result<Vec<Release>, Rejection> {
    let releases = listed.each(1..=64, |item| release(item, bank, rules))?;
    let is_taken = |i: usize, name: &str| releases.iter().take(i).any(|other| other.name == name);
    let repeated = releases.iter().enumerate().any(|(i, release)| is_taken(i, &release.name));
    if repeated { Err(listed.invalid()) } else { Ok(releases) }
}

fn release(item: &Item<'_>, bank: Bank, rules: &[(u8, Rule)]) -> Result<Release, Rejection> {
    let members = item.object()?;
    let name = members.required("name")?.name()?;
    let listed = members.required("pcrs")?;
    let pcrs = each_pcr(&listed, |_, item| golden_value(item, bank))?;
    let config_digests = config_digests(members.optional("configDigests"))?;
    members.end(&[])?;
    let golden = rules.iter().filter(|(_, rule)| *rule == Rule::Golden).map(|(index, _)| *index);
    if pcrs.iter().map(|(index, _)| *index).eq(golden) {
        Ok(Release { name, pcrs, config_digests })
    } else {
        Err(listed.invalid())
    }
}

fn config_digests(item: Option<Item<'_>>) -> Result<Vec<[u8; 32]>, Rejection> {
    item.map_or_else(|| Ok(Vec::new()), |item| item.digests(1..=64))
}

fn suite(item: &Item<'_>) -> Result<Suite, Rejection> {
    Suite::from_name(item.text()?).ok_or_else(|| item.unsupported())
}
