//! Reference values of PCRs: sets of them that were released together, never single ones.

use alloc::{string::String, vec::Vec};

use super::Manifest;
use crate::{
    digits::push_decimal,
    evidence::bundle::Bank,
    json::{documents::Flaw, item::Item},
    tpm::PCR_COUNT,
};

/// Index and value, ascending.
pub(crate) type PcrValues<'d> = Vec<(u8, &'d [u8])>;

/// The member `bank` of a policy's demands and of a manifest.
pub(crate) fn bank<'d>(object: &'d Item<'d>) -> Bank {
    object.required("bank").one_of(&[Bank::Sha256, Bank::Sha384], Bank::as_str).unwrap_or(Bank::Sha256)
}

/// The member `configDigests`; none where it is missing.
pub(crate) fn config_digests<'d>(object: &'d Item<'d>) -> Vec<&'d [u8; 32]> {
    object.optional("configDigests").map_or_else(Vec::new, |list| list.digests(1, 64))
}

/// What an object says of a PCR: its keys are the decimal indices.
pub(crate) fn of_pcr<'d>(object: &'d Item<'d>, index: u8) -> Option<&'d Item<'d>> {
    let mut key = String::new();
    push_decimal(&mut key, index.into());
    object.optional(&key)
}

/// Values that PCRs of a measured machine can have, of those that are `allowed`, a bit for each: one that was never extended is demanded with `untouched`.
pub(crate) fn golden_values<'d>(object: &'d Item<'d>, bank: Bank, allowed: u32) -> PcrValues<'d> {
    let mut values = Vec::new();
    for index in 0..PCR_COUNT {
        let Some(item) = of_pcr(object, index) else { continue };
        item.ensure(allowed & 1 << index != 0, Flaw::Invalid);
        let value = item.hex();
        item.ensure(value.len() == bank.digest_length(), Flaw::Syntax);
        let only = |byte| value.iter().all(|other| *other == byte);
        item.ensure(!only(0x00) && !only(0xff), Flaw::Invalid);
        values.push((index, value));
    }
    object.end();
    values
}

/// Measurements that somebody released together: those of a whole machine, or of a platform and an image of one manifest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// Of the release.
    pub(crate) name: &'a str,
    /// None: the policy itself pins the values.
    pub(crate) manifest: Option<&'a Manifest<'a>>,
    /// Names of the parts of the manifest; empty where there are none.
    pub(crate) parts: [&'a str; 2],
    pub(crate) values: [&'a [(u8, &'a [u8])]; 2],
    pub(crate) config_digests: &'a [&'a [u8; 32]],
}

impl Candidate<'_> {
    fn names(&self, index: u8, value: &[u8]) -> bool {
        self.values.iter().any(|part| part.iter().any(|(own, wanted)| *own == index && *wanted == value))
    }
}

/// Looks among candidates for the one whose every value is the quoted one, and keeps the one that comes closest.
pub(crate) struct Search<'a, 'q> {
    /// Index and value of the PCRs of the golden rules.
    pub(crate) quoted: &'q [(u8, &'q [u8])],
    /// The first of those that differ in the fewest PCRs, and in which: a bit for each.
    pub(crate) closest: Option<(u32, Candidate<'a>)>,
}

impl<'a> Search<'a, '_> {
    pub(crate) fn consider(&mut self, candidate: Candidate<'a>) {
        let mut differing = 0_u32;
        for (index, value) in self.quoted {
            if !candidate.names(*index, value) {
                differing |= 1 << index;
            }
        }
        if self.closest.is_none_or(|(least, _)| differing.count_ones() < least.count_ones()) {
            self.closest = Some((differing, candidate));
        }
    }
}
