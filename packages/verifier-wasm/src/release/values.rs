//! Reference values of PCRs: sets of them that were released together, never single ones.

use alloc::{string::String, vec::Vec};

use super::Manifest;
use crate::{
    evidence::bundle::Bank,
    json::{members::Item, writer::push_decimal},
    rejection::Rejection,
    tpm::PCR_COUNT,
};

/// Index and value, ascending.
pub(crate) type PcrValues = Vec<(u8, Vec<u8>)>;

/// What an object says of PCRs, ascending: its keys are the decimal indices and nothing else.
pub(crate) fn each_pcr<T>(
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

/// A value that a PCR of a measured machine can have: one that was never extended is demanded with `untouched`.
pub(crate) fn golden_value(item: &Item<'_>, bank: Bank) -> Result<Vec<u8>, Rejection> {
    let value = item.hex()?;
    let only = |byte| value.iter().all(|other| *other == byte);
    if value.len() != bank.digest_length() {
        return Err(item.syntax());
    }
    if only(0x00) || only(0xff) { Err(item.invalid()) } else { Ok(value) }
}

/// Measurements that somebody released together: those of a whole machine, or of a platform and an image of one manifest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// Of the release.
    pub(crate) name: &'a str,
    /// None: the policy itself pins the values.
    pub(crate) manifest: Option<&'a Manifest>,
    /// Names of the parts of the manifest; empty where there are none.
    pub(crate) parts: [&'a str; 2],
    pub(crate) values: [&'a [(u8, Vec<u8>)]; 2],
    pub(crate) config_digests: &'a [[u8; 32]],
}

impl Candidate<'_> {
    fn names(&self, index: u8, value: &[u8]) -> bool {
        self.values.iter().any(|part| part.iter().any(|(own, wanted)| *own == index && wanted == value))
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
