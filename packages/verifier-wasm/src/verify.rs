//! The policy itself: from raw evidence to a verdict, each check of PROTOCOL.md §8 in its order.

use crate::{
    Code,
    channel_key::ReadClaims,
    evidence::{
        binding,
        bundle::{Bundle, Static},
        claims::{PromptCache, Upstream},
    },
    json::documents::Documents,
    platform,
    policy::{Assurance, Evidence, Policy, Suite},
    quote,
    receipt::Receipt,
    rejection::{Rejection, ensure},
    release::{ReleaseContext, Status},
    state::{AkState, State},
    tpm::{Attest, Public},
    verdict::{AttestedKey, Recorder, StepId, Stop, Verdict},
    x509::Certificate,
};

/// A clock that differs by more is worth a warning, in milliseconds.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// Everything that a verification depends on: no clock, no network, no memory of earlier calls.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The bundle as it was received (PROTOCOL.md §3).
    pub evidence: &'a [u8],
    /// The static part that the caller holds from before and named with `have`.
    pub static_part: Option<&'a [u8]>,
    /// The text of the policy (PROTOCOL.md §7).
    pub policy: &'a [u8],
    /// The audience where the policy names none: the ASCII origin of the service's base URL.
    pub audience: &'a str,
    /// The nonce that the caller made for this one request for evidence.
    pub nonce: &'a [u8; 32],
    /// The caller's wall clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// The caller accepts a simulated TPM, which proves nothing; the policy must accept it as well.
    pub allow_simulated: bool,
    /// The versions that the caller asked for.
    pub versions: &'a [u64],
    /// What the caller's engine can encrypt with.
    pub suites: &'a [Suite],
    /// What the last verdict gave to be kept (PROTOCOL.md §20), zero bytes on the first visit; None where the caller keeps nothing.
    pub state: Option<&'a [u8]>,
    /// Of a receipt or a verification record (PROTOCOL.md §21), whose holder says when `now_ms` was.
    pub receipt: Option<Receipt<'a>>,
}

/// Verifies evidence. The answer depends on `input` alone.
#[must_use]
pub fn verify(input: &Input<'_>) -> Verdict {
    let mut run = Recorder::default();
    let decoded = State::decode(input.state.unwrap_or_default());
    let fault = decoded.as_ref().err().copied();
    // What cannot be read fails in its own step; until then nothing is known.
    let mut state = decoded.unwrap_or_default();
    let before = state.encode();
    let end = steps(input, fault, &mut state, &mut run);
    let next_state = Some(state.encode()).filter(|_| input.state.is_some() && fault.is_none());
    let report = run.finish();
    match end {
        Ok((assurance, key)) => Verdict::Passed { report, assurance, key, next_state },
        Err(stop) => {
            let next_state = next_state.filter(|next| *next != before);
            Verdict::Failed { report, code: stop.code(), detail: stop.detail(), next_state }
        }
    }
}

type Passed = (Assurance, AttestedKey);

/// `fault`: why the state of the caller cannot be read. What is learned goes into `state`.
fn steps(input: &Input<'_>, fault: Option<Code>, state: &mut State, run: &mut Recorder) -> Result<Passed, Stop> {
    let documents = Documents::default();
    let policy = run.obtain(StepId::Policy, Policy::decode(input.policy, &documents))?;
    let (bundle, static_part) = run.obtain(StepId::Bundle, bundle(input))?;
    let release_evidence = static_part.release.as_ref();
    let current = policy.release_policy.current_keys(release_evidence, input.now_ms, state, &documents);
    let current = run.obtain_if_required(StepId::ReleaseKeys, current)?;
    run.remark(policy.release_policy.lacks_status(), Code::RELEASE_STATUS_UNASKED);
    let later = input.receipt.and_then(|receipt| receipt.status);
    let (snapshot, now_ms) = (&static_part.status, input.now_ms);
    let statuses =
        policy.release_policy.statuses(current.as_ref(), snapshot, now_ms, state, later.as_ref(), &documents);
    let statuses = run.obtain_if_required(StepId::Status, statuses)?.unwrap_or_default();
    run.remark(input.receipt.is_some() && later.is_none(), Code::RELEASE_STATUS_MISSING);

    let ak = run.obtain(StepId::AkPublic, Public::decode(static_part.ak_public))?;
    let is_revoked = |certificate: &Certificate<'_>| statuses.iter().any(|status| status.revokes(certificate));
    let name = ak.name();
    let evidence = Evidence { ak: &ak, ak_name: &name, chains: &static_part.chains(), now_ms, is_revoked: &is_revoked };
    let matched = run.obtain(StepId::AkTrust, policy.anchor(&evidence))?;
    let is_named = matched.names_the_key();
    run.report.show_anchor(&matched, &name, false);
    if is_named {
        run.report.show_ak(&ak, is_named, None);
    }
    let bound =
        platform::verify(policy.platform.as_ref(), &static_part.platform_reports, &ak.key.key, now_ms, &is_revoked);
    let is_bound = run.obtain_if_required(StepId::Platform, bound)?.is_some();
    run.report.show_anchor(&matched, &name, is_bound);
    let assurance = matched.anchor.assurance(is_bound);
    run.check(StepId::AkAssurance, policy.accepts(assurance, input.allow_simulated))?;
    run.check(StepId::AkAttributes, quote::attributes(&ak))?;
    // A certificate is of the key alone: beside it, only the quote or the policy can say what the public area is.
    let is_proven = is_named || matched.anchor.endorsement;
    run.remark(!is_proven, Code::AK_ATTRIBUTES_CLAIMED);

    let attest = run.obtain(StepId::Attest, Attest::decode(bundle.quote.attest))?;
    let endorsed = matched.anchor.endorsement.then(|| quote::qualified_name(&ak, &attest));
    let qualified_name = run.obtain_if_required(StepId::AkQualifiedName, endorsed)?;
    run.check(StepId::Signature, quote::signature(&ak.key, &bundle.quote))?;
    run.report.show_ak(&ak, is_proven, qualified_name);
    run.report.show_clock(&attest);
    let least = matched.anchor.min_firmware_version;
    run.obtain_if_required(StepId::AttestFirmware, least.map(|least| quote::firmware(&attest, least)))?;
    run.judge(StepId::Clock, quote::clock(&attest).map(Into::into), policy.require_safe_clock)?;

    let root = run.obtain(StepId::BindingNonce, quote::nonce_root(input.nonce, &bundle.nonce_proof))?;
    run.check(StepId::BindingExtraData, quote::extra_data(&attest, &binding::extra_data(&root, bundle.claims)))?;
    let read = run.obtain(StepId::Claims, ReadClaims::proven(&bundle, input.versions))?;
    let claims = &read.claims;
    run.report.show_claims(claims);
    run.check(StepId::ClaimsAudience, policy.serves(claims, input.audience))?;
    run.check(StepId::ClaimsUpstream, policy.accepts_upstream(claims.upstream))?;
    run.remark(claims.upstream == Upstream::Unattested, Code::CLAIMS_UPSTREAM_UNATTESTED);
    run.remark(claims.prompt_cache == PromptCache::Shared, Code::CLAIMS_PROMPT_CACHE);

    run.check(StepId::PcrSelection, quote::selection(&attest, policy.bank, policy.selection()))?;
    let values = quote::values(&attest, ak.key.hash(), &bundle.pcrs, policy.bank, policy.selection());
    let values = run.obtain(StepId::PcrDigest, values)?;
    run.report.show_pcrs(&policy, &values);
    let context = ReleaseContext {
        current: current.as_ref(),
        statuses: &statuses,
        bank: policy.bank,
        now_ms: input.now_ms,
        known: state,
    };
    let manifest = policy.release_policy.manifest(release_evidence, !policy.pins_releases(), &context, &documents);
    let manifest = run.obtain_if_required(StepId::Release, manifest)?;
    let is_withdrawn = |status: &Status<'_>| manifest.as_ref().is_some_and(|it| it.version < status.min_version);
    run.remark(statuses.last().is_some_and(is_withdrawn), Code::RELEASE_BELOW_FLOOR);
    run.obtain_if_required(StepId::ReleaseLog, policy.release_policy.logged(release_evidence))?;
    if let Some(manifest) = &manifest {
        policy.release_policy.raise_floor(state, manifest.min_version);
    }
    run.judge(StepId::PcrCoverage, policy.uncovered(), !policy.allow_partial_coverage)?;
    let release = run.obtain(StepId::PcrRules, policy.release(&values, claims, manifest.as_ref()))?;
    run.report.show_release(&release);
    run.check(StepId::ClaimsConfig, policy.accepts_config(&release, claims.config_digest))?;
    let log = run.obtain_if_required(StepId::EventLog, policy.explained(&static_part.event_logs, &values))?;
    run.report.show_event_log(log);

    let seen = matched.anchor.endorsement.then(|| AkState::of(name, &attest));
    let is_strict = policy.require_monotonic_state;
    let fault = match input.state {
        None if is_strict => Some(Code::STATE_MISSING),
        _ => fault.or(state.is_full.then_some(Code::STATE_FULL)),
    };
    match seen.as_ref().filter(|_| input.state.is_some()) {
        _ if fault.is_some() => run.judge(StepId::State, fault.map(Into::into), true)?,
        Some(seen) => run.judge(StepId::State, state.regression(seen).map(Into::into), is_strict)?,
        None => run.not_required(StepId::State),
    }
    let exchange = input.receipt.and_then(|receipt| receipt.exchange);
    let model = release.manifest.and_then(|manifest| manifest.model_digest);
    run.obtain_if_required(StepId::Receipt, exchange.map(|exchange| exchange.verify(claims, model)))?;
    let is_off = claims.server_time_ms.abs_diff(input.now_ms) > CLOCK_SKEW_MS;
    // The time of a receipt chooses the status that it is judged by, and comes from its holder.
    run.judge(StepId::Freshness, is_off.then(|| Code::CLAIMS_SERVER_TIME.into()), input.receipt.is_some())?;
    let key = run.obtain(StepId::Key, read.choose(&policy, input.suites))?;
    // Not before everything is proven: a failed verdict remembers nothing of the key.
    if let Some(seen) = seen {
        state.remember(seen);
    }
    Ok((assurance, key))
}

/// The bundle, and the static part that it carries or names.
fn bundle<'a>(input: &Input<'a>) -> Result<(Bundle<'a>, Static<'a>), Rejection> {
    let bundle = Bundle::decode(input.evidence)?;
    ensure(input.versions.contains(&bundle.version), Code::BUNDLE_VERSION)?;
    let named = |encoded: &[u8]| Static::hash(encoded) == *bundle.static_hash;
    let encoded = match bundle.static_part {
        Some(delivered) => {
            ensure(named(delivered), Code::BUNDLE_STATIC_MISMATCH)?;
            delivered
        }
        None => input.static_part.filter(|held| named(held)).ok_or(Code::BUNDLE_STATIC_MISSING)?,
    };
    let static_part = Static::decode(encoded)?;
    Ok((bundle, static_part))
}
