//! What was released (PROTOCOL.md §19.4).

use alloc::vec::Vec;

use super::{
    document::Authentic,
    values::{Candidate, PcrValues, Search, bank, config_digests, golden_values},
};
use crate::{
    Code,
    evidence::bundle::Bank,
    hash::sha256,
    json::{
        documents::{Documents, Flaw},
        item::{Item, are_distinct},
        reader::MAX_INTEGER,
    },
    rejection::{Rejection, ensure},
};

/// Measured before anything of the image runs.
const PLATFORM: u32 = 0b1110_1111;
/// The boot loader, the kernel with its command line, and what they load: 4, 8, 9 and 11-14.
const IMAGE: u32 = 0b0111_1011_0001_0000;
/// PCRs that software can reset or that change without end: no value of them means anything.
const MEANINGLESS: u32 = 1 << 10 | 1 << 16 | 1 << 23;

/// A release, signed as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Manifest<'d> {
    /// SHA-256 of its text: what a status names it by.
    pub(crate) sha256: [u8; 32],
    pub(crate) name: &'d str,
    pub(crate) version: u64,
    pub(crate) min_version: u64,
    /// Valid from here on, in milliseconds since 1970,
    pub(crate) not_before: u64,
    /// and before this.
    pub(crate) not_after: u64,
    pub(crate) source_commit: &'d [u8],
    pub(crate) image_digest: &'d [u8; 32],
    pub(crate) model_digest: Option<&'d [u8; 32]>,
    /// The shape of machine that the values are of, for people.
    pub(crate) machine: &'d str,
    config_digests: Vec<&'d [u8; 32]>,
    bank: Bank,
    whole: Vec<Part<'d>>,
    platforms: Vec<Part<'d>>,
    images: Vec<Part<'d>>,
}

/// Values that belong together, by a name that is distinct in its list.
#[derive(Clone, Debug)]
struct Part<'d> {
    name: &'d str,
    pcrs: PcrValues<'d>,
}

impl<'d> Manifest<'d> {
    /// # Errors
    /// `release.syntax` or `release.invalid`, and the member at fault.
    pub(crate) fn decode(text: &Authentic<'_>, documents: &'d Documents<'d>) -> Result<Self, Rejection> {
        text.read(documents, |top| Self::read(top, sha256(&[text.payload()])))
    }

    fn read(top: &'d Item<'d>, sha256: [u8; 32]) -> Self {
        let bank = bank(top);
        let commit = top.required("sourceCommit");
        let (version, not_after) = (top.required("version"), top.required("notAfter"));
        let manifest = Self {
            sha256,
            name: top.required("name").name(),
            version: version.integer(1, MAX_INTEGER),
            min_version: top.required("minVersion").integer(1, MAX_INTEGER),
            not_before: top.required("notBefore").integer(0, MAX_INTEGER),
            not_after: not_after.integer(0, MAX_INTEGER),
            source_commit: commit.hex(),
            image_digest: top.required("imageDigest").digest(),
            model_digest: top.optional("modelDigest").map(Item::digest),
            machine: top.required("machine").name(),
            config_digests: config_digests(top),
            bank,
            whole: parts(top.optional("whole"), bank, !MEANINGLESS),
            platforms: parts(top.optional("platforms"), bank, PLATFORM),
            images: parts(top.optional("images"), bank, IMAGE),
        };
        top.end();
        commit.ensure(matches!(manifest.source_commit.len(), 20 | 32), Flaw::Syntax);
        version.ensure(manifest.min_version <= manifest.version, Flaw::Invalid);
        not_after.ensure(manifest.not_before < manifest.not_after, Flaw::Invalid);
        let is_empty = manifest.whole.is_empty() && manifest.platforms.is_empty() && manifest.images.is_empty();
        top.ensure(!is_empty, Flaw::Invalid);
        manifest
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

    fn candidate<'a>(&'a self, [first, second]: [&'a Part<'a>; 2]) -> Candidate<'a> {
        Candidate {
            name: self.name,
            manifest: Some(self),
            parts: [first.name, second.name],
            values: [&first.pcrs, &second.pcrs],
            config_digests: &self.config_digests,
        }
    }
}

/// No values, and no name.
static MISSING: Part<'_> = Part { name: "", pcrs: Vec::new() };

/// The part at `index`, and a missing one behind the last.
fn at<'a>(parts: &'a [Part<'a>], index: usize) -> &'a Part<'a> {
    parts.get(index).unwrap_or(&MISSING)
}

fn parts<'d>(list: Option<&'d Item<'d>>, bank: Bank, allowed: u32) -> Vec<Part<'d>> {
    let mut parts = Vec::new();
    let Some(list) = list else { return parts };
    let items = list.each(1, 64);
    for item in items {
        let name = item.required("name").name();
        let listed = item.required("pcrs");
        let pcrs = golden_values(listed, bank, allowed);
        item.end();
        listed.ensure(!pcrs.is_empty(), Flaw::Syntax);
        parts.push(Part { name, pcrs });
    }
    list.ensure(are_distinct(items, "name"), Flaw::Invalid);
    parts
}
