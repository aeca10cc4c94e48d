//! What was released (PROTOCOL.md §19.4).

use alloc::{string::String, vec::Vec};

use super::{
    document::MANIFEST,
    values::{Candidate, PcrValues, Search, each_pcr, golden_value},
};
use crate::{
    Code,
    evidence::bundle::Bank,
    hash::sha256,
    json::{
        members::{Item, Members},
        reader::MAX_INTEGER,
    },
    rejection::{Rejection, ensure},
};

/// Measured before anything of the image runs.
const PLATFORM: [u8; 7] = [0, 1, 2, 3, 5, 6, 7];
/// The boot loader, the kernel with its command line, and what they load.
const IMAGE: [u8; 5] = [4, 9, 11, 12, 13];
/// PCRs that software can reset or that change without end: no value of them means anything.
const MEANINGLESS: [u8; 3] = [10, 16, 23];

/// A release, signed as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// SHA-256 of its text: what a status names it by.
    pub(crate) sha256: [u8; 32],
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) min_version: u64,
    /// Valid from here on, in milliseconds since 1970,
    pub(crate) not_before: u64,
    /// and before this.
    pub(crate) not_after: u64,
    pub(crate) source_commit: Vec<u8>,
    pub(crate) image_digest: [u8; 32],
    pub(crate) model_digest: Option<[u8; 32]>,
    /// The shape of machine that the values are of, for people.
    pub(crate) machine: String,
    config_digests: Vec<[u8; 32]>,
    bank: Bank,
    whole: Vec<Part>,
    platforms: Vec<Part>,
    images: Vec<Part>,
}

/// Values that belong together, by a name that is distinct in its list.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    pcrs: PcrValues,
}

impl Manifest {
    /// # Errors
    /// `release.syntax` or `release.invalid`, and the member at fault.
    pub(crate) fn decode(text: &[u8]) -> Result<Self, Rejection> {
        MANIFEST.json.read(text, |item| Self::read(item, sha256(&[text])))
    }

    fn read(item: &Item<'_>, sha256: [u8; 32]) -> Result<Self, Rejection> {
        let top = item.object()?;
        let bank = top.required("bank")?.one_of(&[Bank::Sha256, Bank::Sha384], Bank::as_str)?;
        let commit = top.required("sourceCommit")?;
        let (version, not_after) = (top.required("version")?, top.required("notAfter")?);
        let manifest = Self {
            sha256,
            name: top.required("name")?.name()?,
            version: version.integer(1..=MAX_INTEGER)?,
            min_version: top.required("minVersion")?.integer(1..=MAX_INTEGER)?,
            not_before: top.required("notBefore")?.integer(0..=MAX_INTEGER)?,
            not_after: not_after.integer(0..=MAX_INTEGER)?,
            source_commit: commit.hex()?,
            image_digest: top.required("imageDigest")?.digest()?,
            model_digest: top.optional("modelDigest").map(|item| item.digest()).transpose()?,
            machine: top.required("machine")?.name()?,
            config_digests: top
                .optional("configDigests")
                .map_or_else(|| Ok(Vec::new()), |item| item.digests(1..=64))?,
            bank,
            whole: parts(&top, "whole", bank, |index| !MEANINGLESS.contains(&index))?,
            platforms: parts(&top, "platforms", bank, |index| PLATFORM.contains(&index))?,
            images: parts(&top, "images", bank, |index| IMAGE.contains(&index))?,
        };
        top.end(&[])?;
        if !matches!(manifest.source_commit.len(), 20 | 32) {
            return Err(commit.syntax());
        }
        if manifest.min_version > manifest.version {
            return Err(version.invalid());
        }
        if manifest.not_before >= manifest.not_after {
            return Err(not_after.invalid());
        }
        let is_empty = manifest.whole.is_empty() && manifest.platforms.is_empty() && manifest.images.is_empty();
        if is_empty { Err(item.invalid()) } else { Ok(manifest) }
    }

    /// # Errors
    /// `release.bank`, `release.not_yet_valid` or `release.expired`.
    pub(super) fn applies(&self, bank: Bank, now_ms: u64) -> Result<(), Rejection> {
        ensure(self.bank == bank, Code::RELEASE_BANK)?;
        ensure(self.not_before <= now_ms, Code::RELEASE_NOT_YET_VALID)?;
        ensure(now_ms < self.not_after, Code::RELEASE_EXPIRED)
    }

    /// Has the sets of values considered that were released: each whole one, then each platform with each image. A part may be
    /// missing, for a policy that demands no value of its PCRs.
    pub(crate) fn offer<'a>(&'a self, search: &mut Search<'a, '_>) {
        for part in &self.whole {
            search.consider(self.candidate([part, &MISSING]));
        }
        for platform in 0..=self.platforms.len() {
            for image in 0..=self.images.len() {
                search.consider(self.candidate([at(&self.platforms, platform), at(&self.images, image)]));
            }
        }
    }

    fn candidate<'a>(&'a self, [first, second]: [&'a Part; 2]) -> Candidate<'a> {
        Candidate {
            name: &self.name,
            manifest: Some(self),
            parts: [&first.name, &second.name],
            values: [&first.pcrs, &second.pcrs],
            config_digests: &self.config_digests,
        }
    }
}

/// No values, and no name.
static MISSING: Part = Part { name: String::new(), pcrs: Vec::new() };

/// The part at `index`, and a missing one behind the last.
fn at(parts: &[Part], index: usize) -> &Part {
    parts.get(index).unwrap_or(&MISSING)
}

fn parts(
    members: &Members<'_>,
    list: &str,
    bank: Bank,
    is_allowed: impl Fn(u8) -> bool,
) -> Result<Vec<Part>, Rejection> {
    let Some(item) = members.optional(list) else { return Ok(Vec::new()) };
    let value = |index, item: &Item<'_>| if is_allowed(index) { golden_value(item, bank) } else { Err(item.invalid()) };
    let parts = item.each(1..=64, |item| {
        let members = item.object()?;
        let name = members.required("name")?.name()?;
        let listed = members.required("pcrs")?;
        let pcrs = each_pcr(&listed, value)?;
        members.end(&[])?;
        if pcrs.is_empty() { Err(listed.syntax()) } else { Ok(Part { name, pcrs }) }
    })?;
    let is_taken = |i: usize, part: &Part| parts.iter().take(i).any(|other| other.name == part.name);
    if parts.iter().enumerate().any(|(i, part)| is_taken(i, part)) { Err(item.invalid()) } else { Ok(parts) }
}
