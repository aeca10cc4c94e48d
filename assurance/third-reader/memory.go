package main

import "bytes"

// stepReleaseKeys is step `release.keys` of §19.7.
func (r *run) stepReleaseKeys() string {
	first := r.policy.releaseKeys
	if first == nil {
		return ""
	}
	keys, ids, code := walk(first, r.bundle.keySets, r.policy.log)
	if code != "" {
		return code
	}
	known := r.held.holds(first.id()).current
	reached := false
	for _, id := range ids {
		reached = reached || bytes.Equal(id, known)
	}
	if !reached {
		return "release.key_set_back"
	}
	r.learn(first, 0, 0, ids[len(ids)-1])
	if !keys.inForce(r.in.nowMs) {
		return "release.key_set_expired"
	}
	r.keys = keys
	return when(r.policy.status == nil, warning("release.status_unasked"))
}

func (r *run) learn(set *keySet, floor, date uint64, current []byte) {
	if !r.next.learn(set.id(), floor, date, current) {
		r.full = true
	}
}

// stepStatus is step `status` of §19.7, then that of §21.
func (r *run) stepStatus() string {
	if r.policy.status != nil {
		if code := r.readEvidenceStatus(); code != "" {
			return code
		}
	}
	if r.in.currentStatus != nil {
		return r.readCurrentStatus()
	}
	return when(r.in.receipt && r.policy.status != nil, warning("release.status_missing"))
}

func (r *run) readEvidenceStatus() string {
	if r.bundle.status == nil {
		return "release.status_missing"
	}
	signers := r.keys
	if own := r.policy.status.signers; own != nil {
		if signers = own; !own.inForce(r.in.nowMs) {
			return "release.key_set_expired"
		}
	}
	s, code := openStatus(*r.bundle.status, signers, r.policy.log)
	if code != "" {
		return code
	}
	now := r.in.nowMs
	if s.date > now+fiveMinutes {
		return "release.status_future"
	}
	named := r.policy.statusSigners()
	r.learn(named, 0, s.date, nil)
	if r.policy.releaseKeys != nil {
		r.learn(r.policy.releaseKeys, s.minVersion, 0, nil)
	}
	if s.date < r.held.holds(named.id()).date {
		return "release.status_back"
	}
	if now > s.date && now-s.date > r.policy.status.maxAgeMs {
		return "release.status_stale"
	}
	r.status = &s
	return ""
}

// readCurrentStatus is the first of the four departures of §21.
func (r *run) readCurrentStatus() string {
	it, err := decodeCBOR(r.in.currentStatus)
	if err != nil {
		return "bundle.encoding"
	}
	shape := &shape{}
	var sets []signed
	if shape.fields(it, 1, true, 0); shape.failed {
		return "bundle.schema"
	}
	doc := readSigned(shape, it.list[0], true)
	if more, has := it.get(1); has {
		sets = readSignedList(shape, more, true)
	}
	if shape.failed {
		return "bundle.schema"
	}
	signers := r.policy.statusSigners()
	if signers == nil {
		return "release.threshold"
	}
	if signers == r.policy.releaseKeys {
		var code string
		if signers, _, code = walk(r.keys, sets, r.policy.log); code != "" {
			return code
		}
	}
	now := r.in.statusNowMs
	if !signers.inForce(now) {
		return "release.key_set_expired"
	}
	s, code := openStatus(doc, signers, r.policy.log)
	if code != "" {
		return code
	}
	if s.date > now+fiveMinutes {
		return "release.status_future"
	}
	if r.policy.status != nil && now > s.date && now-s.date > r.policy.status.maxAgeMs {
		return "release.status_stale"
	}
	r.current = &s
	return ""
}

// stepRelease is step `release` of §19.7.
func (r *run) stepRelease() string {
	if r.policy.releaseKeys == nil {
		return ""
	}
	doc := r.bundle.manifest
	if doc == nil {
		return when(r.policy.releases == nil, "release.missing")
	}
	if code := r.keys.verify(typeManifest, *doc); code != "" {
		return code
	}
	m, code := readManifest(doc.payload)
	if code != "" {
		return code
	}
	floor := max(r.policy.minVersion, r.held.holds(r.policy.releaseKeys.id()).floor)
	revoked := r.current != nil && r.current.revokes(*doc)
	if r.status != nil {
		floor = max(floor, r.status.minVersion)
		revoked = revoked || r.status.revokes(*doc)
	}
	switch {
	case m.bank != r.policy.bank:
		return "release.bank"
	case r.in.nowMs < m.notBefore:
		return "release.not_yet_valid"
	case r.in.nowMs >= m.notAfter:
		return "release.expired"
	case revoked:
		return "release.revoked"
	case m.version < floor:
		return "release.below_floor"
	}
	r.manifest = &m
	return when(r.current != nil && m.version < r.current.minVersion, warning("release.below_floor"))
}

func (r *run) stepReleaseLog() string {
	if r.manifest == nil {
		return ""
	}
	if code := r.policy.log.check(typeManifest, *r.bundle.manifest); code != "" {
		return code
	}
	r.learn(r.policy.releaseKeys, r.manifest.minVersion, 0, nil)
	return ""
}

// stepState is step `state` of §20.
func (r *run) stepState() string {
	switch {
	case r.in.state == nil:
		return when(r.policy.monotonic, "state.missing")
	case !r.readable:
		return "state.encoding"
	case r.full:
		return "state.full"
	case !r.anchor.needsQualifiedName():
		return ""
	}
	if code := r.held.wentBack(r.thisKey()); code != "" {
		return failsUnder(r.policy.monotonic, code)
	}
	return ""
}

// thisKey is what a state remembers of the verified key.
func (r *run) thisKey() keyState {
	a := r.attest
	return keyState{r.public.name(), uint64(a.resets), uint64(a.restarts), a.clock, a.firmware}
}

// putState sets `nextState`: of a pass always, of a failure where something was learned.
func (r *run) putState() {
	if r.in.state == nil || !r.readable {
		return
	}
	if r.out.code == "ok" {
		if r.anchor.needsQualifiedName() {
			r.next.remember(r.thisKey())
		}
		r.out.nextState = r.next.encode()
		return
	}
	// The bytes before may hold extensions, which are no difference in what is said.
	if !bytes.Equal(r.next.encode(), r.held.encode()) {
		r.out.nextState = r.next.encode()
	}
}
