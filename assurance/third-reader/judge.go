package main

import (
	"bytes"
	"slices"
	"strings"
)

// input is that of §8. A receipt has an exchange, a status of the verifier's own, or neither (§21).
type input struct {
	evidence, static []byte // static nil: none held
	policy           []byte
	audience         string
	nonce            []byte
	nowMs            uint64
	allowSimulated   bool
	versions         []uint64
	suites           []suite
	state            []byte // nil: the caller keeps none
	receipt          bool
	exchange         *exchange
	currentStatus    []byte // nil: the verifier has none
	statusNowMs      uint64
}

// outcome is what a verdict says of the first step that fails, the steps that warn, and the state.
type outcome struct {
	step, code string // code `ok` where all steps passed
	warnings   []string
	nextState  []byte // nil: left out
	// outside names the layers that this reader does not judge and that the verdict depends on, in the
	// order of their steps. The steps after them are judged as if those had passed.
	outside []string
}

// run holds what the steps of one verification found.
type run struct {
	in       input
	out      outcome
	policy   policy
	bundle   bundle
	public   publicArea
	anchor   anchor
	attest   attest
	claims   claims
	keys     *keySet // the current set of §19.2
	status   *status
	current  *status // the verifier's own, §21
	manifest *manifest
	release  release
	held     state // what the caller's state said
	next     state // with what was learned
	readable bool
	full     bool
}

// step is one of §8: it returns the code of its first fault, or "".
type step struct {
	id    string
	check func(*run) string
}

// steps in their order. Those that a policy does not ask for return "".
var steps = []step{
	{"policy", (*run).stepPolicy},
	{"bundle", (*run).stepBundle},
	{"release.keys", (*run).stepReleaseKeys},
	{"status", (*run).stepStatus},
	{"ak.public", (*run).stepPublic},
	{"ak.trust", (*run).stepTrust},
	{"platform", (*run).stepPlatform},
	{"ak.assurance", (*run).stepAssurance},
	{"ak.attributes", (*run).stepAttributes},
	{"attest", (*run).stepAttest},
	{"ak.qualified_name", (*run).stepQualifiedName},
	{"signature", (*run).stepSignature},
	{"attest.firmware", (*run).stepFirmware},
	{"clock", (*run).stepClock},
	{"binding.nonce", (*run).stepNonce},
	{"binding.extra_data", (*run).stepExtraData},
	{"claims", (*run).stepClaims},
	{"claims.audience", (*run).stepAudience},
	{"claims.upstream", (*run).stepUpstream},
	{"pcr.selection", (*run).stepSelection},
	{"pcr.digest", (*run).stepDigest},
	{"release", (*run).stepRelease},
	{"release.log", (*run).stepReleaseLog},
	{"pcr.coverage", (*run).stepCoverage},
	{"pcr.rules", (*run).stepRules},
	{"claims.config", (*run).stepConfig},
	{"eventlog", (*run).stepEventLog},
	{"state", (*run).stepState},
	{"receipt", (*run).stepReceipt},
	{"freshness", (*run).stepFreshness},
	{"key", (*run).stepKey},
}

// judge verifies one input by the steps of §8.
func judge(in input) outcome { return judgeBy(steps, in) }

func judgeBy(steps []step, in input) outcome {
	r := &run{in: in}
	if in.receipt {
		// §21: the version of the evidence, every suite, no state.
		r.in.versions, r.in.state, r.in.suites = []uint64{1}, nil, nil
		for _, s := range suites {
			r.in.suites = append(r.in.suites, s)
		}
	}
	r.held, r.readable = readState(r.in.state)
	if !r.readable {
		r.held = state{}
	}
	r.next = state{keys: r.held.keys, withdrawals: slices.Clone(r.held.withdrawals)}
	r.out.code = "ok"
	for _, s := range steps {
		code := s.check(r)
		if code == "" {
			continue
		}
		if strings.HasPrefix(code, warned) {
			r.out.warnings = append(r.out.warnings, s.id)
			continue
		}
		r.out.step, r.out.code = s.id, code
		break
	}
	r.putState()
	return r.out
}

const warned = "warning "

// warning marks a code as one that lets the step pass.
func warning(code string) string { return warned + code }

// failsUnder makes a code a failure under a demand of the policy, else a warning.
func failsUnder(demand bool, code string) string {
	if demand {
		return code
	}
	return warning(code)
}

// when returns a code where something holds.
func when(holds bool, code string) string {
	if holds {
		return code
	}
	return ""
}

func (r *run) stepPolicy() (code string) {
	r.policy, code = readPolicy(r.in.policy)
	return code
}

func (r *run) stepBundle() (code string) {
	r.bundle, code = readBundle(r.in.evidence, r.in.static, r.in.versions)
	return code
}

func (r *run) stepPublic() (code string) {
	r.public, code = readPublic(r.bundle.public)
	return code
}

func (r *run) stepTrust() string {
	a, code, chain := trust(r.policy.anchors, r.public.name(), r.bundle.chains)
	if chain {
		r.out.outside = append(r.out.outside, "chain")
	}
	r.anchor = a
	return code
}

func (r *run) stepPlatform() string {
	if r.policy.platform {
		r.out.outside = append(r.out.outside, "platform")
	}
	return ""
}

func (r *run) stepAssurance() string {
	assurance := r.anchor.strongest()
	if r.policy.platform && assurance == "cloud-vtpm" {
		assurance = "cvm-bound"
	}
	accepted := slices.Contains(r.policy.assurances, assurance)
	if assurance == "simulated" {
		return when(!accepted || !r.in.allowSimulated, "ak.simulated")
	}
	return when(!accepted, "ak.assurance")
}

func (r *run) stepAttributes() string {
	if !r.public.attributesHold() {
		return "ak.attributes"
	}
	proven := r.anchor.namesKey() || r.anchor.needsQualifiedName()
	return when(!proven, warning("ak.attributes_claimed"))
}

func (r *run) stepAttest() (code string) {
	r.attest, code = readAttest(r.bundle.quote)
	return code
}

func (r *run) stepQualifiedName() string {
	differs := r.anchor.needsQualifiedName() && !bytes.Equal(r.attest.signer, r.public.qualifiedName())
	return when(differs, "ak.qualified_name")
}

func (r *run) stepSignature() string {
	return verifyQuote(r.public, r.bundle.signature, r.bundle.quote)
}

func (r *run) stepFirmware() string {
	least, has := r.anchor.leastFirmware()
	return when(has && r.attest.firmware < least, "attest.firmware_version")
}

func (r *run) stepClock() string {
	if r.attest.safe == 1 {
		return ""
	}
	return failsUnder(r.policy.safeClock, "attest.clock_unsafe")
}

func (r *run) stepNonce() string {
	_, follows := r.bundle.root(r.in.nonce)
	return when(!follows, "binding.nonce")
}

func (r *run) stepExtraData() string {
	root, _ := r.bundle.root(r.in.nonce)
	covered := sum256(lp([]byte("blindllama/tpm-quote/v1")), lp(root), lp(sum256(r.bundle.claims)))
	return when(!bytes.Equal(r.attest.extraData, covered), "binding.extra_data")
}

func (r *run) stepClaims() (code string) {
	r.claims, code = readClaims(r.bundle, r.in.versions)
	return code
}

func (r *run) stepAudience() string {
	audience := r.policy.audience
	if audience == "" {
		audience = r.in.audience
	}
	return when(!slices.Contains(r.claims.audiences, audience), "claims.audience")
}

func (r *run) stepUpstream() string {
	upstream := upstreams[r.claims.upstream]
	switch {
	case !slices.Contains(r.policy.upstreams, upstream):
		return "claims.upstream"
	case upstream == "unattested":
		return warning("claims.upstream_unattested")
	case r.claims.promptCache == 0:
		return warning("claims.prompt_cache")
	}
	return ""
}

func (r *run) stepSelection() string {
	return when(!checkSelection(r.policy, r.attest.selections), "pcr.selection")
}

func (r *run) stepDigest() string {
	return checkDigest(r.policy, r.bundle, r.public.hash, r.attest.digest)
}

func (r *run) stepCoverage() string {
	if r.policy.covered() {
		return ""
	}
	return failsUnder(!r.policy.partial, "pcr.coverage")
}

func (r *run) stepRules() string {
	if code := checkRules(r.policy, r.bundle, r.claims); code != "" {
		return code
	}
	candidates := r.policy.releases
	if r.manifest != nil {
		candidates = slices.Concat(candidates, r.manifest.candidates())
	}
	matched, found := matchRelease(r.policy, r.bundle, candidates)
	r.release = matched
	return when(!found, "pcr.mismatch")
}

func (r *run) stepConfig() string {
	return when(!acceptsConfig(r.policy, r.release, r.claims.config), "claims.config")
}

func (r *run) stepEventLog() string {
	if r.policy.needsLog {
		r.out.outside = append(r.out.outside, "eventlog")
	}
	return ""
}

func (r *run) stepReceipt() string {
	if r.in.exchange == nil {
		return ""
	}
	if code := checkReceipt(*r.in.exchange, r.claims); code != "" {
		return code
	}
	told := r.in.exchange.model
	differs := r.release.manifest && r.manifest.model != nil && len(told) > 0 && !bytes.Equal(r.manifest.model, told)
	return when(differs, "receipt.model")
}

func (r *run) stepFreshness() string {
	apart := max(r.claims.serverTimeMs, r.in.nowMs) - min(r.claims.serverTimeMs, r.in.nowMs)
	if apart <= fiveMinutes {
		return ""
	}
	return failsUnder(r.in.receipt, "claims.server_time")
}

func (r *run) stepKey() string {
	offered := r.claims.offers(func(s suite) bool {
		return slices.Contains(r.in.suites, s) && (r.policy.suites == nil || slices.Contains(r.policy.suites, s))
	})
	return when(!offered, "claims.suite")
}
