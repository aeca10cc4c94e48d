//! What a policy demands of releases (PROTOCOL.md §19.3), and each step that it takes (§19.7).

use super::{
    Manifest, Status,
    document::{MANIFEST, STATUS},
    key_set::KeySet,
    log::Log,
};
use crate::{
    Code,
    evidence::bundle::{Bank, ReleaseEvidence, Signed},
    json::{
        members::{Item, Members},
        reader::MAX_INTEGER,
    },
    rejection::{Rejection, ensure},
    state::{Floor, State},
};

/// A year, in milliseconds: nobody would call an older status one.
const MAX_STATUS_AGE_MS: u64 = 366 * 86_400_000;

/// Who may release, what has to be known of what was withdrawn, and where releases have to stand.
#[derive(Clone, Debug)]
pub(crate) struct Demands {
    keys: Option<ReleaseKeys>,
    status: Option<StatusDemand>,
    log: Option<Log>,
}

#[derive(Clone, Debug)]
struct ReleaseKeys {
    pinned: KeySet,
    id: [u8; 32],
    min_version: u64,
}

#[derive(Clone, Debug)]
struct StatusDemand {
    max_age_ms: u64,
    /// None: whoever may release.
    signers: Option<KeySet>,
}

/// The keys that count now: those that the policy pins, or their successors.
pub(crate) struct CurrentKeys(KeySet);

/// What a manifest is held against.
pub(crate) struct Against<'a> {
    pub(crate) current: Option<&'a CurrentKeys>,
    pub(crate) status: Option<&'a Status>,
    pub(crate) bank: Bank,
    pub(crate) now_ms: u64,
    /// What the caller remembers of earlier visits.
    pub(crate) kept: Option<&'a State<'a>>,
}

fn release_keys(item: &Item<'_>) -> Result<ReleaseKeys, Rejection> {
    let members = item.object()?;
    let pinned = KeySet::read(&members)?;
    let min_version = members.optional("minVersion").map_or(Ok(0), |item| item.integer(1..=MAX_INTEGER))?;
    members.end(&[])?;
    Ok(ReleaseKeys { id: pinned.id(), pinned, min_version })
}

fn signers(item: &Item<'_>) -> Result<KeySet, Rejection> {
    let members = item.object()?;
    let keys = KeySet::read(&members)?;
    members.end(&[])?;
    Ok(keys)
}

fn status(item: &Item<'_>) -> Result<StatusDemand, Rejection> {
    let members = item.object()?;
    let max_age_ms = members.required("maxAgeMs")?.integer(1000..=MAX_STATUS_AGE_MS)?;
    let signers = members.optional("signers").map(|item| signers(&item)).transpose()?;
    members.end(&[])?;
    Ok(StatusDemand { max_age_ms, signers })
}

impl Demands {
    /// The members `releaseKeys`, `status` and `log` of a policy.
    pub(crate) fn read(policy: &Members<'_>) -> Result<Self, Rejection> {
        let keys = policy.optional("releaseKeys").map(|item| release_keys(&item)).transpose()?;
        let (status_item, log_item) = (policy.optional("status"), policy.optional("log"));
        let demands = Self {
            keys,
            status: status_item.map(|item| status(&item)).transpose()?,
            log: log_item.map(|item| Log::read(&item)).transpose()?,
        };
        let lacks_signers = demands.status.as_ref().is_some_and(|status| status.signers.is_none());
        let unfounded = log_item.or(status_item.filter(|_| lacks_signers)).filter(|_| demands.keys.is_none());
        unfounded.map_or(Ok(demands), |item| Err(item.invalid()))
    }

    /// Whether evidence may bring its own release.
    pub(crate) fn signed_releases(&self) -> bool {
        self.keys.is_some()
    }

    /// Step `release.keys`; None where the policy knows no such keys.
    pub(crate) fn current_keys(
        &self,
        evidence: Option<&ReleaseEvidence<'_>>,
    ) -> Option<Result<CurrentKeys, Rejection>> {
        let successors = evidence.map_or(&[][..], |evidence| &evidence.key_sets);
        self.keys.as_ref().map(|keys| keys.pinned.current(successors).map(CurrentKeys))
    }

    /// Step `status`; None where the policy does not ask for one.
    pub(crate) fn status(
        &self,
        current: Option<&CurrentKeys>,
        snapshot: Option<&Signed<'_>>,
        now_ms: u64,
    ) -> Option<Result<Status, Rejection>> {
        let demand = self.status.as_ref()?;
        let signers = demand.signers.as_ref().or(current.map(|CurrentKeys(keys)| keys))?;
        let status = || {
            let snapshot = snapshot.ok_or(Code::RELEASE_STATUS_MISSING)?;
            signers.verify(&STATUS, snapshot)?;
            let status = Status::decode(snapshot.payload)?;
            status.is_current(now_ms, demand.max_age_ms)?;
            Ok(status)
        };
        Some(status())
    }

    /// Step `release`; None where nobody asks for a manifest: the policy pins values, and the evidence brings none.
    pub(crate) fn manifest(
        &self,
        evidence: Option<&ReleaseEvidence<'_>>,
        is_required: bool,
        against: &Against<'_>,
    ) -> Option<Result<Manifest, Rejection>> {
        let (keys, CurrentKeys(current)) = (self.keys.as_ref()?, against.current?);
        if evidence.is_none() && !is_required {
            return None;
        }
        let manifest = || {
            let signed = &evidence.ok_or(Code::RELEASE_MISSING)?.manifest;
            current.verify(&MANIFEST, signed)?;
            let manifest = Manifest::decode(signed.payload)?;
            manifest.applies(against.bank, against.now_ms)?;
            let is_revoked = against.status.is_some_and(|status| status.revokes_release(&manifest.sha256));
            ensure(!is_revoked, Code::RELEASE_REVOKED)?;
            let withdrawn = against.status.map_or(0, |status| status.min_version);
            let remembered = against.kept.map_or(0, |state| state.floor(&keys.id));
            let floor = keys.min_version.max(withdrawn).max(remembered);
            ensure(manifest.version >= floor, Code::RELEASE_BELOW_FLOOR)?;
            Ok(manifest)
        };
        Some(manifest())
    }

    /// What to remember once a manifest passed: under the pinned set, the highest `minVersion` that was signed.
    pub(crate) fn floor(&self, manifest: Option<&Manifest>, status: Option<&Status>) -> Option<Floor<'_>> {
        let (keys, manifest) = (self.keys.as_ref()?, manifest?);
        Some((&keys.id, manifest.min_version.max(status.map_or(0, |status| status.min_version))))
    }

    /// Step `release.log`; None where the policy names no log.
    pub(crate) fn logged(&self, evidence: Option<&ReleaseEvidence<'_>>) -> Option<Result<(), Rejection>> {
        let (log, evidence) = (self.log.as_ref()?, evidence?);
        let entry = MANIFEST.message(evidence.manifest.payload);
        let proof = evidence.log_proof.ok_or_else(|| Code::RELEASE_LOG_MISSING.into());
        Some(proof.and_then(|proof| log.verify(proof, &entry)))
    }
}
