//! From the text of a policy to a policy, strictly (PROTOCOL.md §7).

use alloc::{string::String, vec::Vec};

use super::{Anchor, Assurance, PCR_COUNT, Policy, Release, Rule, suite::Suite};
use crate::{
    Code,
    evidence::{
        VERSION,
        bundle::Bank,
        claims::{MAX_LIFETIME_MS, Upstream},
    },
    hash::HashAlgorithm,
    json::{
        members::{Item, Kind},
        writer::push_decimal,
    },
    rejection::Rejection,
};

const POLICY: Kind = Kind { name: "", syntax: Code::POLICY_SYNTAX, invalid: Code::POLICY_INVALID };

/// Largest text of a policy, in bytes.
const MAX_POLICY: usize = 256 << 10;

/// Names of PROTOCOL.md §15: demands that this version cannot meet.
const RESERVED: [&str; 4] = ["releaseKeys", "log", "platform", "replay"];

/// PCRs that software can reset or that change without end: no demand on them means anything.
const UNCHECKED_ONLY: [u8; 3] = [10, 16, 23];

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
        let anchors = top.required("anchors")?.each(1..=16, anchor)?;
        let accept_assurance = match top.optional("acceptAssurance") {
            Some(item) => item.each(1..=5, |item| named(item, &Assurance::ALL, Assurance::as_str))?,
            None => [Assurance::CloudVtpm, Assurance::CvmBound, Assurance::HardwareTpm].into(),
        };
        let accept_upstream = match top.optional("acceptUpstream") {
            Some(item) => item.each(1..=3, |item| named(item, &Upstream::ALL, Upstream::as_str))?,
            None => [Upstream::InImage, Upstream::Attested].into(),
        };
        let (bank, rules) = pcrs(&top.required("pcrs")?)?;
        let listed = top.required("releases")?;
        let releases = listed.each(1..=64, |item| release(item, bank, &rules))?;
        if releases.iter().enumerate().any(|(i, a)| releases.iter().take(i).any(|b| a.name == b.name)) {
            return Err(listed.invalid());
        }
        let config_digests = config_digests(top.optional("configDigests"))?;
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
        top.end(&RESERVED)?;
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
            require_monotonic_state,
            suites,
        })
    }
}

fn flag(item: Option<Item<'_>>) -> Result<bool, Rejection> {
    item.map_or(Ok(false), |item| item.bool())
}

fn named<T: Copy>(item: &Item<'_>, all: &[T], name: fn(T) -> &'static str) -> Result<T, Rejection> {
    let text = item.text()?;
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| item.syntax())
}

fn anchor(item: &Item<'_>) -> Result<Anchor, Rejection> {
    let members = item.object()?;
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
        match named(&stated, &Assurance::ALL, Assurance::as_str)? {
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
    let min_firmware_version = members.optional("minFirmwareVersion").map(|item| firmware_version(&item, endorsement));
    members.end(&[])?;
    Ok(Anchor { kind, name, assurance, endorsement, min_firmware_version: min_firmware_version.transpose()? })
}

/// As verdicts show it: eight bytes, big-endian.
fn firmware_version(item: &Item<'_>, endorsement: bool) -> Result<u64, Rejection> {
    let version = item.hex()?.try_into().map(u64::from_be_bytes).map_err(|_| item.syntax())?;
    if endorsement { Ok(version) } else { Err(item.invalid()) }
}

/// A Name (TPM 2.0 Part 1 §16): `nameAlg || digest`.
fn ak_name(item: &Item<'_>) -> Result<Vec<u8>, Rejection> {
    let name = item.hex()?;
    let algorithm = name.split_first_chunk().and_then(|(id, digest)| {
        HashAlgorithm::from_id(u16::from_be_bytes(*id)).filter(|algorithm| algorithm.digest_length() == digest.len())
    });
    if algorithm.is_some() { Ok(name) } else { Err(item.syntax()) }
}

/// What an object says of PCRs, ascending: its keys are the decimal indices and nothing else.
fn each_pcr<T>(
    item: &Item<'_>,
    read: impl Fn(u8, &Item<'_>) -> Result<T, Rejection>,
) -> Result<Vec<(u8, T)>, Rejection> {
    let members = item.object()?;
    let mut each = Vec::new();
    for index in 0..PCR_COUNT {
        let mut key = String::new();
        push_decimal(&mut key, index.into());
        if let Some(item) = members.optional(&key) {
            each.push((index, read(index, &item)?));
        }
    }
    members.end(&[])?;
    Ok(each)
}

fn pcrs(item: &Item<'_>) -> Result<(Bank, Vec<(u8, Rule)>), Rejection> {
    let members = item.object()?;
    let bank = named(&members.required("bank")?, &[Bank::Sha256, Bank::Sha384], Bank::as_str)?;
    let listed = members.required("rules")?;
    let rules = each_pcr(&listed, rule)?;
    members.end(&RESERVED)?;
    if !rules.iter().any(|(_, rule)| *rule == Rule::Golden) {
        return Err(listed.invalid());
    }
    Ok((bank, rules))
}

fn rule(index: u8, item: &Item<'_>) -> Result<Rule, Rejection> {
    if item.is_object() {
        return Err(item.unsupported());
    }
    let rule = named(item, &[Rule::Golden, Rule::Untouched, Rule::Unchecked], Rule::as_str)?;
    if rule != Rule::Unchecked && UNCHECKED_ONLY.contains(&index) { Err(item.invalid()) } else { Ok(rule) }
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

fn golden_value(item: &Item<'_>, bank: Bank) -> Result<Vec<u8>, Rejection> {
    let value = item.hex()?;
    let only = |byte| value.iter().all(|other| *other == byte);
    if value.len() != bank.digest_length() {
        return Err(item.syntax());
    }
    if only(0x00) || only(0xff) { Err(item.invalid()) } else { Ok(value) }
}

fn config_digests(item: Option<Item<'_>>) -> Result<Vec<[u8; 32]>, Rejection> {
    let digest = |item: &Item<'_>| item.hex()?.try_into().map_err(|_| item.syntax());
    item.map_or_else(|| Ok(Vec::new()), |item| item.each(1..=64, digest))
}

fn suite(item: &Item<'_>) -> Result<Suite, Rejection> {
    Suite::from_name(item.text()?).ok_or_else(|| item.unsupported())
}
