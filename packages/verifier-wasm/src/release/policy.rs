//! What a policy demands of releases (PROTOCOL.md §19.3), and each step that it takes (§19.7).

use alloc::vec::Vec;

use super::{
    Manifest, Status,
    document::{Document, KEY_SET, MANIFEST, STATUS},
    key_set::KeySet,
    log::Log,
};
use crate::{
    Code,
    evidence::bundle::{Bank, ReleaseEvidence, Signed},
    json::{
        documents::{Documents, Flaw},
        item::Item,
        reader::MAX_INTEGER,
    },
    receipt::CurrentStatus,
    rejection::{Rejection, ensure},
    state::State,
};

/// A year, in milliseconds: nobody would call an older status one.
const MAX_STATUS_AGE_MS: u64 = 366 * 86_400_000;

/// Who may release, what has to be known of what was withdrawn, and where releases have to stand.
#[derive(Clone, Debug)]
pub(crate) struct ReleasePolicy<'d> {
    keys: Option<ReleaseKeys<'d>>,
    status: Option<StatusPolicy<'d>>,
    log: Option<Log<'d>>,
}

#[derive(Clone, Debug)]
struct ReleaseKeys<'d> {
    pinned: KeySet<'d>,
    id: [u8; 32],
    min_version: u64,
}

#[derive(Clone, Debug)]
struct StatusPolicy<'d> {
    max_age_ms: u64,
    /// None: whoever may release.
    signers: Option<KeySet<'d>>,
}

/// The keys that count now: those that the policy pins, or their successors.
pub(crate) struct CurrentKeys<'d>(KeySet<'d>);

/// What a manifest is checked against.
pub(crate) struct ReleaseContext<'a> {
    pub(crate) current: Option<&'a CurrentKeys<'a>>,
    /// Of step `status`.
    pub(crate) statuses: &'a [Status<'a>],
    pub(crate) bank: Bank,
    pub(crate) now_ms: u64,
    /// What the caller remembers of earlier visits.
    pub(crate) known: &'a State,
}

fn release_keys<'d>(item: &'d Item<'d>) -> ReleaseKeys<'d> {
    let pinned = KeySet::read(item);
    let min_version = item.optional("minVersion").map_or(0, |item| item.integer(1, MAX_INTEGER));
    item.end();
    ReleaseKeys { id: pinned.id(), pinned, min_version }
}

fn signers<'d>(item: &'d Item<'d>) -> KeySet<'d> {
    let keys = KeySet::read(item);
    item.end();
    keys
}

fn status<'d>(item: &'d Item<'d>) -> StatusPolicy<'d> {
    let max_age_ms = item.required("maxAgeMs").integer(1000, MAX_STATUS_AGE_MS);
    let signers = item.optional("signers").map(signers);
    item.end();
    StatusPolicy { max_age_ms, signers }
}

impl<'d> ReleasePolicy<'d> {
    /// The members `releaseKeys`, `status` and `log` of a policy.
    pub(crate) fn read(policy: &'d Item<'d>) -> Self {
        let keys = policy.optional("releaseKeys").map(release_keys);
        let (status_item, log_item) = (policy.optional("status"), policy.optional("log"));
        let status = status_item.map(status);
        let log = log_item.map(Log::read);
        let lacks_signers = status.as_ref().is_some_and(|status| status.signers.is_none());
        if let Some(unfounded) = log_item.or(status_item.filter(|_| lacks_signers)) {
            unfounded.ensure(keys.is_some(), Flaw::Invalid);
        }
        Self { keys, status, log }
    }

    /// Whether evidence may bring its own release.
    pub(crate) fn signed_releases(&self) -> bool {
        self.keys.is_some()
    }

    /// Step `release.keys`; None where the policy knows no such keys.
    pub(crate) fn current_keys(
        &self,
        evidence: Option<&ReleaseEvidence<'_>>,
        now_ms: u64,
        state: &mut State,
        documents: &'d Documents<'d>,
    ) -> Option<Result<CurrentKeys<'d>, Rejection>> {
        let keys = self.keys.as_ref()?;
        let successors = evidence.map_or(&[][..], |evidence| &evidence.key_sets);
        let newest = state.recall(&keys.id).current;
        let current = self.last_of(&keys.pinned, successors, &newest, documents);
        Some(current.and_then(|current| {
            state.learn(&keys.id, 0, 0, Some(current.id()));
            current.is_in_force(now_ms)?;
            Ok(CurrentKeys(current))
        }))
    }

    /// Whether releases count that nobody can withdraw but with a newer release: the policy asks for no status.
    pub(crate) fn lacks_status(&self) -> bool {
        self.keys.is_some() && self.status.is_none()
    }

    /// Step `status`: what the evidence says, where the policy asks for it, and behind it what the verifier of a receipt knows; None
    /// where neither is there.
    pub(crate) fn statuses(
        &self,
        current: Option<&CurrentKeys<'d>>,
        snapshot: &Option<Signed<'_>>,
        now_ms: u64,
        state: &mut State,
        later: Option<&CurrentStatus<'_>>,
        documents: &'d Documents<'d>,
    ) -> Option<Result<Vec<Status<'d>>, Rejection>> {
        let status_policy = self.status.as_ref();
        let read = |signed: &Signed<'_>, successors: &[Signed<'_>], at_ms: u64| {
            let signers = match (status_policy.and_then(|status_policy| status_policy.signers.as_ref()), current) {
                (Some(signers), _) => signers.clone(),
                (None, Some(CurrentKeys(keys))) => self.last_of(keys, successors, &keys.id(), documents)?,
                (None, None) => return Err(Rejection::at(Code::RELEASE_THRESHOLD, STATUS.name())),
            };
            signers.is_in_force(at_ms)?;
            let status = Status::decode(&signers.verify(&STATUS, signed)?, documents)?;
            self.is_logged(&STATUS, signed)?;
            status.has_happened(at_ms)?;
            Ok(status)
        };
        let mut statuses = || {
            let mut statuses = Vec::new();
            if let Some(status_policy) = status_policy {
                let status = read(snapshot.as_ref().ok_or(Code::RELEASE_STATUS_MISSING)?, &[], now_ms)?;
                // It is authentic: what it withdraws is remembered, whatever becomes of this verification.
                let pinned = self.keys.as_ref().map_or([0; 32], |keys| keys.id);
                let id = status_policy.signers.as_ref().map_or(pinned, KeySet::id);
                let newest_ms = state.recall(&id).date_ms;
                state.learn(&id, 0, status.date_ms, None);
                self.raise_floor(state, status.min_version);
                status.is_current(newest_ms, now_ms, status_policy.max_age_ms)?;
                statuses.push(status);
            }
            if let Some(later) = later {
                let given = ReleaseEvidence::decode(later.documents)?;
                let status = read(&given.manifest, &given.key_sets, later.now_ms)?;
                status.is_current(
                    0,
                    later.now_ms,
                    status_policy.map_or(u64::MAX, |status_policy| status_policy.max_age_ms),
                )?;
                statuses.push(status);
            }
            Ok(statuses)
        };
        (status_policy.is_some() || later.is_some()).then(&mut statuses)
    }

    /// Step `release`; None where nobody asks for a manifest: the policy pins values, and the evidence brings none.
    pub(crate) fn manifest(
        &self,
        evidence: Option<&ReleaseEvidence<'_>>,
        is_required: bool,
        context: &ReleaseContext<'_>,
        documents: &'d Documents<'d>,
    ) -> Option<Result<Manifest<'d>, Rejection>> {
        let (keys, CurrentKeys(current)) = (self.keys.as_ref()?, context.current?);
        if evidence.is_none() && !is_required {
            return None;
        }
        let manifest = || {
            let signed = &evidence.ok_or(Code::RELEASE_MISSING)?.manifest;
            let manifest = Manifest::decode(&current.verify(&MANIFEST, signed)?, documents)?;
            manifest.applies(context.bank, context.now_ms)?;
            let is_revoked = context.statuses.iter().any(|status| status.revokes_release(&manifest.sha256));
            ensure(!is_revoked, Code::RELEASE_REVOKED)?;
            // A floor of the verifier's own was raised after the time of the receipt.
            let then = context.statuses.first().filter(|_| self.status.is_some());
            let withdrawn = then.map_or(0, |status| status.min_version);
            let floor = keys.min_version.max(withdrawn).max(context.known.recall(&keys.id).floor);
            ensure(manifest.version >= floor, Code::RELEASE_BELOW_FLOOR)?;
            Ok(manifest)
        };
        Some(manifest())
    }

    /// Remembers a signed `minVersion` under the pinned set.
    pub(crate) fn raise_floor(&self, state: &mut State, min_version: u64) {
        if let Some(keys) = &self.keys {
            state.learn(&keys.id, min_version, 0, None);
        }
    }

    /// Step `release.log`; None where the policy names no log.
    pub(crate) fn logged(&self, evidence: Option<&ReleaseEvidence<'_>>) -> Option<Result<(), Rejection>> {
        let (_, evidence) = (self.log.as_ref()?, evidence?);
        Some(self.is_logged(&MANIFEST, &evidence.manifest))
    }

    /// The last of the successors of `keys`, each of which stands in the log, where the policy names one.
    fn last_of(
        &self,
        keys: &KeySet<'d>,
        successors: &[Signed<'_>],
        newest: &[u8; 32],
        documents: &'d Documents<'d>,
    ) -> Result<KeySet<'d>, Rejection> {
        keys.current(successors, newest, &|signed| self.is_logged(&KEY_SET, signed), documents)
    }

    /// Whether a document stands in the log, where the policy names one.
    fn is_logged(&self, document: &Document, signed: &Signed<'_>) -> Result<(), Rejection> {
        let Some(log) = &self.log else { return Ok(()) };
        let proof = signed.log_proof.ok_or(Code::RELEASE_LOG_MISSING)?;
        log.verify(proof, &document.entry(signed))
    }
}
