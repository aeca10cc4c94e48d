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
    /// The PCRs that have another value than the quoted one, or none; `quoted` are those of the golden rules.
    pub(crate) fn differing(&self, quoted: &[(u8, &[u8])]) -> impl Iterator<Item = u8> {
        let is_named = |index, value: &[u8]| {
            self.values.iter().flat_map(|part| part.iter()).any(|(own, wanted)| *own == index && wanted == value)
        };
        quoted.iter().filter(move |(index, value)| !is_named(*index, value)).map(|(index, _)| *index)
    }
}
