//! Rules for PCRs whose events are told apart one by one (PROTOCOL.md §16).

use alloc::vec::Vec;

use crate::{
    evidence::bundle::Bank,
    hash::sha256,
    json::{documents::Flaw, item::Item, reader::unhex},
};

/// Most items of a rule, and most digests of an item.
const MAX_ITEMS: usize = 256;
/// Most events that an item can take: as many as a log has.
const MAX_TIMES: u64 = 8192;

/// Data of a separator that tell of no error.
const SEPARATORS: [&[u8]; 2] = [&[0; 4], &[0xff; 4]];

/// What the next events of a PCR may be.
#[derive(Clone, Debug)]
pub(crate) struct EventRule<'d> {
    pub(crate) allowed: Allowed<'d>,
    /// How many of them, at least and at most.
    pub(crate) times: [u64; 2],
}

/// What an event may be.
#[derive(Clone, Debug)]
pub(crate) enum Allowed<'d> {
    /// Its digest is one of these, of the policy's bank.
    Digests(Vec<Vec<u8>>),
    /// Its digest is the hash of its data, and these are the variable.
    Variable(VariableRule<'d>),
}

/// A UEFI variable and what it may hold.
#[derive(Clone, Debug)]
pub(crate) struct VariableRule<'d> {
    /// As measured.
    pub(crate) vendor: [u8; 16],
    pub(crate) name: &'d str,
    /// SHA-256 of contents; None for any.
    pub(crate) contents: Option<Vec<[u8; 32]>>,
}

impl<'d> EventRule<'d> {
    /// A whole rule: its items, in order.
    pub(crate) fn list(item: &'d Item<'d>, bank: Bank) -> Vec<Self> {
        let mut rules = Vec::new();
        for item in item.required("events").each(1, MAX_ITEMS) {
            let allowed = Allowed::read(item, bank);
            let times = item.optional("times").map_or([1, 1], times);
            item.end();
            rules.push(Self { allowed, times });
        }
        item.end();
        rules
    }
}

impl<'d> Allowed<'d> {
    /// By the first of the five members that is there: a second one stays unknown.
    fn read(members: &'d Item<'d>, bank: Bank) -> Self {
        let hash = |data: &[u8]| bank.hash().digest(&[data]);
        let mut digests = Vec::new();
        if let Some(list) = members.optional("digests") {
            for item in list.each(1, MAX_ITEMS) {
                let digest = item.hex();
                item.ensure(digest.len() == bank.digest_length(), Flaw::Syntax);
                digests.push(digest.into());
            }
        } else if let Some(item) = members.optional("data") {
            digests.push(hash(item.hex()));
        } else if let Some(item) = members.optional("text") {
            digests.push(hash(item.name().as_bytes()));
        } else if let Some(item) = members.optional("separator") {
            item.ensure(item.bool(), Flaw::Syntax);
            for data in SEPARATORS {
                digests.push(hash(data));
            }
        } else if let Some(item) = members.optional("variable") {
            return Self::Variable(VariableRule::read(item));
        } else {
            members.ensure(false, Flaw::Syntax);
        }
        Self::Digests(digests)
    }
}

fn times<'d>(item: &'d Item<'d>) -> [u64; 2] {
    let mut bounds = [0; 2];
    for (bound, item) in bounds.iter_mut().zip(item.each(2, 2)) {
        *bound = item.integer(0, MAX_TIMES);
    }
    let [least, most] = bounds;
    item.ensure(least <= most && most > 0, Flaw::Syntax);
    bounds
}

impl<'d> VariableRule<'d> {
    fn read(item: &'d Item<'d>) -> Self {
        let guid = item.required("guid");
        let vendor = measured_guid(guid.text().as_bytes());
        guid.ensure(vendor.is_some(), Flaw::Syntax);
        let name = item.required("name").name();
        let mut contents = None;
        if let Some(data) = item.optional("data") {
            contents = Some([sha256(&[data.hex()])].into());
        } else if let Some(list) = item.optional("dataSha256") {
            let mut digests = Vec::new();
            for item in list.each(1, MAX_ITEMS) {
                digests.push(*item.digest());
            }
            contents = Some(digests);
        }
        item.end();
        Self { vendor: vendor.unwrap_or_default(), name, contents }
    }
}

/// EFI_GUID (UEFI 2.10 appendix A): of the text's five fields the first three are little-endian.
fn measured_guid(text: &[u8]) -> Option<[u8; 16]> {
    const DIGITS: [u8; 16] = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34];
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|dash| text.get(*dash) != Some(&b'-')) {
        return None;
    }
    let mut digits = Vec::new();
    for start in DIGITS {
        digits.extend_from_slice(text.get(start.into()..)?.first_chunk::<2>()?);
    }
    unhex(&digits)?.try_into().ok()
}
