//! From the text of a policy to a policy, strictly (PROTOCOL.md §7).

use alloc::vec::Vec;

use super::{Anchor, PCR_COUNT, Policy, Release, Rule, members::Item, suite::Suite};
use crate::{
    Code,
    evidence::{
        bundle::Bank,
        claims::{MAX_LIFETIME_MS, Upstream},
    },
    hash::HashAlgorithm,
    json::{reader, writer::push_decimal},
    rejection::Rejection,
    verdict::Assurance,
};

/// Largest text of a policy, in bytes.
const MAX_POLICY: usize = 256 << 10;

/// Names of PROTOCOL.md §15: demands that this version cannot meet.
const RESERVED: [&str; 5] = ["releaseKeys", "log", "platform", "replay", "requireMonotonicState"];

/// PCRs that software can reset or that change without end: no demand on them means anything.
const UNCHECKED_ONLY: [u8; 3] = [10, 16, 23];

impl Policy {
    /// # Errors
    /// `policy.size`, `policy.syntax`, `policy.invalid` or `policy.unsupported`, and the member at fault.
    pub(crate) fn decode(text: &[u8]) -> Result<Self, Rejection> {
        if text.len() > MAX_POLICY {
            return Err(Code::POLICY_SIZE.into());
        }
        let json = reader::parse(text).map_err(|unreadable| {
            let mut place = alloc::string::String::from("byte ");
            push_decimal(&mut place, unreadable.offset as u64);
            Rejection::at(Code::POLICY_SYNTAX, place)
        })?;
        let mut top = Item::root(json).object()?;
        let version = top.required("version")?;
        if version.integer(0..=u64::MAX)? != 1 {
            return Err(version.unsupported());
        }
        let audience = top.optional("audience").map(|item| item.name()).transpose()?;
        let anchors = each(top.required("anchors")?, 1..=16, anchor)?;
        let accept_assurance = match top.optional("acceptAssurance") {
            Some(item) => each(item, 1..=5, |item| named(&item, Assurance::ALL, Assurance::as_str))?,
            None => [Assurance::CloudVtpm, Assurance::CvmBound, Assurance::HardwareTpm].into(),
        };
        let accept_upstream = match top.optional("acceptUpstream") {
            Some(item) => each(item, 1..=3, |item| named(&item, Upstream::ALL, Upstream::as_str))?,
            None => [Upstream::InImage, Upstream::Attested].into(),
        };
        let (bank, rules) = pcrs(top.required("pcrs")?)?;
        let releases = each(top.required("releases")?, 1..=64, |item| release(item, bank, &rules))?;
        let config_digests = config_digests(top.optional("configDigests"))?;
        let max_age_ms = match top.optional("maxAgeMs") {
            Some(item) => item.integer(1000..=MAX_LIFETIME_MS)?,
            None => 3_600_000,
        };
        let require_safe_clock = top.optional("requireSafeClock").map_or(Ok(false), |item| item.bool())?;
        let suites = top.optional("suites").map(|item| each(item, 1..=16, suite)).transpose()?;
        top.end(&RESERVED)?;
        distinct(&releases, "releases", |a, b| a.name == b.name)?;
        Ok(Self {
            audience,
            anchors,
            accept_assurance,
            accept_upstream,
            bank,
            rules,
            releases,
            config_digests,
            max_age_ms,
            require_safe_clock,
            suites,
        })
    }
}

fn each<T>(
    item: Item,
    allowed: core::ops::RangeInclusive<usize>,
    read: impl FnMut(Item) -> Result<T, Rejection>,
) -> Result<Vec<T>, Rejection> {
    item.list(allowed)?.into_iter().map(read).collect()
}

fn distinct<T>(items: &[T], place: &'static str, same: impl Fn(&T, &T) -> bool) -> Result<(), Rejection> {
    let twice = items.iter().enumerate().any(|(i, a)| items.iter().take(i).any(|b| same(a, b)));
    if twice { Err(Rejection::at(Code::POLICY_INVALID, place)) } else { Ok(()) }
}

fn named<T: Copy, const N: usize>(item: &Item, all: [T; N], name: fn(T) -> &'static str) -> Result<T, Rejection> {
    let text = item.text()?;
    all.into_iter().find(|value| name(*value) == text).ok_or_else(|| item.syntax())
}

fn anchor(item: Item) -> Result<Anchor, Rejection> {
    let mut members = item.object()?;
    let kind = members.required("kind")?;
    let kind = match kind.text()? {
        "ak-name" => "ak-name",
        "simulated" => "simulated",
        "azure" | "gcp" | "custom-ca" => return Err(kind.unsupported()),
        _ => return Err(kind.syntax()),
    };
    let assurance = if kind == "simulated" {
        Assurance::Simulated
    } else {
        let stated = members.required("assurance")?;
        match named(&stated, Assurance::ALL, Assurance::as_str)? {
            // The one needs an anchor of that kind, the other a proof that a name alone is not.
            Assurance::Simulated | Assurance::CvmBound => return Err(stated.invalid()),
            assurance => assurance,
        }
    };
    let name = ak_name(&members.required("name")?)?;
    let endorsement = match members.optional("hierarchy") {
        Some(item) if item.text()? != "endorsement" => return Err(item.syntax()),
        hierarchy => hierarchy.is_some(),
    };
    members.end(&[])?;
    Ok(Anchor { kind, name, assurance, endorsement })
}

/// A Name (TPM 2.0 Part 1 §16): `nameAlg || digest`.
fn ak_name(item: &Item) -> Result<Vec<u8>, Rejection> {
    let name = item.hex()?;
    let algorithm = name.split_first_chunk().and_then(|(id, digest)| {
        HashAlgorithm::from_id(u16::from_be_bytes(*id)).filter(|algorithm| algorithm.digest_length() == digest.len())
    });
    if algorithm.is_some() { Ok(name) } else { Err(item.syntax()) }
}

fn pcr_index(key: &str, item: &Item) -> Result<u8, Rejection> {
    let canonical = matches!(key.as_bytes(), [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']);
    key.parse().ok().filter(|index| canonical && *index < PCR_COUNT).ok_or_else(|| item.syntax())
}

fn pcrs(item: Item) -> Result<(Bank, Vec<(u8, Rule)>), Rejection> {
    let mut members = item.object()?;
    let bank = named(&members.required("bank")?, [Bank::Sha256, Bank::Sha384], Bank::as_str)?;
    let mut rules = Vec::new();
    for (key, item) in members.required("rules")?.entries()? {
        let index = pcr_index(&key, &item)?;
        if item.is_object() {
            return Err(item.unsupported());
        }
        let rule = named(&item, [Rule::Golden, Rule::Untouched, Rule::Unchecked], Rule::as_str)?;
        if rule != Rule::Unchecked && UNCHECKED_ONLY.contains(&index) {
            return Err(item.invalid());
        }
        rules.push((index, rule));
    }
    members.end(&RESERVED)?;
    rules.sort_unstable_by_key(|(index, _)| *index);
    if !rules.iter().any(|(_, rule)| *rule == Rule::Golden) {
        return Err(Rejection::at(Code::POLICY_INVALID, "pcrs.rules"));
    }
    Ok((bank, rules))
}

fn release(item: Item, bank: Bank, rules: &[(u8, Rule)]) -> Result<Release, Rejection> {
    let mut members = item.object()?;
    let name = members.required("name")?.name()?;
    let mut pcrs = Vec::new();
    let listed = members.required("pcrs")?;
    let incomplete = listed.invalid();
    for (key, item) in listed.entries()? {
        let value = item.hex()?;
        if value.len() != bank.digest_length() {
            return Err(item.syntax());
        }
        if value.iter().all(|byte| *byte == 0x00) || value.iter().all(|byte| *byte == 0xff) {
            return Err(item.invalid());
        }
        pcrs.push((pcr_index(&key, &item)?, value));
    }
    let config_digests = config_digests(members.optional("configDigests"))?;
    members.end(&[])?;
    pcrs.sort_unstable_by_key(|(index, _)| *index);
    let golden = rules.iter().filter(|(_, rule)| *rule == Rule::Golden).map(|(index, _)| *index);
    if !pcrs.iter().map(|(index, _)| *index).eq(golden) {
        return Err(incomplete);
    }
    Ok(Release { name, pcrs, config_digests })
}

fn config_digests(item: Option<Item>) -> Result<Vec<[u8; 32]>, Rejection> {
    let digest = |item: Item| item.hex()?.try_into().map_err(|_| item.syntax());
    item.map_or_else(|| Ok(Vec::new()), |item| each(item, 1..=64, digest))
}

fn suite(item: Item) -> Result<Suite, Rejection> {
    Suite::from_name(item.text()?).ok_or_else(|| item.unsupported())
}
