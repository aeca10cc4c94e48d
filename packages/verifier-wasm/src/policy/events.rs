//! Rules for PCRs whose events are told apart one by one (PROTOCOL.md §16).

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use crate::{
    evidence::bundle::Bank,
    hash::sha256,
    json::members::{Item, Members, unhex},
    rejection::Rejection,
};

/// Most items of a rule, and most digests of an item.
const MAX_ITEMS: usize = 256;
/// Most events that an item can take: as many as a log has.
const MAX_TIMES: u64 = 8192;

/// Data of a separator that tell of no error.
const SEPARATORS: [&[u8]; 2] = [&[0; 4], &[0xff; 4]];

/// What the next events of a PCR may be.
#[derive(Clone, Debug)]
pub(crate) struct EventRule {
    pub(crate) allowed: Allowed,
    /// How many of them.
    pub(crate) times: RangeInclusive<u64>,
}

/// What an event may be.
#[derive(Clone, Debug)]
pub(crate) enum Allowed {
    /// Its digest is one of these, of the policy's bank.
    Digests(Vec<Vec<u8>>),
    /// Its digest is the hash of its data, and these are the variable.
    Variable(VariableRule),
}

/// A UEFI variable and what it may hold.
#[derive(Clone, Debug)]
pub(crate) struct VariableRule {
    /// As measured.
    pub(crate) vendor: [u8; 16],
    pub(crate) name: String,
    /// SHA-256 of contents; None for any.
    pub(crate) contents: Option<Vec<[u8; 32]>>,
}

impl EventRule {
    /// A whole rule: its items, in order.
    pub(super) fn list(item: &Item<'_>, bank: Bank) -> Result<Vec<Self>, Rejection> {
        let members = item.object()?;
        let rules = members.required("events")?.each(1..=MAX_ITEMS, |item| Self::decode(item, bank))?;
        members.end(&[])?;
        Ok(rules)
    }

    fn decode(item: &Item<'_>, bank: Bank) -> Result<Self, Rejection> {
        let members = item.object()?;
        let allowed = allowed(&members, bank)?.ok_or_else(|| item.syntax())?;
        let times = members.optional("times").map_or(Ok(1..=1), |item| times(&item))?;
        members.end(&[])?;
        Ok(Self { allowed, times })
    }
}

/// By the first of the five members that is there: a second one stays unknown.
fn allowed(members: &Members<'_>, bank: Bank) -> Result<Option<Allowed>, Rejection> {
    let hash = |data: &[u8]| bank.hash().digest(&[data]);
    let digests = if let Some(item) = members.optional("digests") {
        item.each(1..=MAX_ITEMS, |item| of_length(item, bank.digest_length()))?
    } else if let Some(item) = members.optional("data") {
        [hash(&item.hex()?)].into()
    } else if let Some(item) = members.optional("text") {
        [hash(item.name()?.as_bytes())].into()
    } else if let Some(item) = members.optional("separator") {
        if !item.bool()? {
            return Err(item.syntax());
        }
        SEPARATORS.map(hash).into()
    } else {
        return members.optional("variable").map(|item| variable(&item).map(Allowed::Variable)).transpose();
    };
    Ok(Some(Allowed::Digests(digests)))
}

fn of_length(item: &Item<'_>, length: usize) -> Result<Vec<u8>, Rejection> {
    let bytes = item.hex()?;
    if bytes.len() == length { Ok(bytes) } else { Err(item.syntax()) }
}

fn times(item: &Item<'_>) -> Result<RangeInclusive<u64>, Rejection> {
    let bounds: Vec<u64> = item.each(2..=2, |item| item.integer(0..=MAX_TIMES))?;
    match bounds[..] {
        [least, most] if least <= most && most > 0 => Ok(least..=most),
        _ => Err(item.syntax()),
    }
}

fn variable(item: &Item<'_>) -> Result<VariableRule, Rejection> {
    let members = item.object()?;
    let guid = members.required("guid")?;
    let rule = VariableRule {
        vendor: measured_guid(guid.text()?).ok_or_else(|| guid.syntax())?,
        name: members.required("name")?.name()?,
        contents: match members.optional("data") {
            Some(item) => Some([sha256(&[&item.hex()?])].into()),
            None => members.optional("dataSha256").map(|item| item.digests(1..=MAX_ITEMS)).transpose()?,
        },
    };
    members.end(&[])?;
    Ok(rule)
}

/// EFI_GUID (UEFI 2.10 appendix A): of the text's five fields the first three are little-endian.
fn measured_guid(text: &str) -> Option<[u8; 16]> {
    let mut guid = Vec::new();
    let lengths = [8, 4, 4, 4, 12];
    for (index, field) in text.split('-').enumerate() {
        let mut bytes = unhex(field).filter(|_| lengths.get(index) == Some(&field.len()))?;
        if index < 3 {
            bytes.reverse();
        }
        guid.extend(bytes);
    }
    guid.try_into().ok()
}
