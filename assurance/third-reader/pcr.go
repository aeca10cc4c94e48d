package main

import (
	"bytes"
	"slices"
)

// checkSelection is step `pcr.selection` of §8.
func checkSelection(p policy, quoted []selection) bool {
	bits := make([]byte, 3)
	for index := range p.rules {
		bits[index/8] |= 1 << (index % 8)
	}
	return len(quoted) == 1 && quoted[0].bank == p.bank && bytes.Equal(quoted[0].bits, bits)
}

// checkDigest is step `pcr.digest`: the values of the selection, then their digest under the hash of
// the signature scheme.
func checkDigest(p policy, b bundle, hash uint16, digest []byte) string {
	if b.bank != p.bank {
		return "pcr.values"
	}
	var all []byte
	for index := range 24 {
		if _, selected := p.rules[index]; !selected {
			continue
		}
		value, has := b.values[index]
		if !has {
			return "pcr.values"
		}
		all = append(all, value...)
	}
	if !bytes.Equal(hashOf(hash, all), digest) {
		return "pcr.digest"
	}
	return ""
}

// covered tells whether the rules leave no PCR of the table of §7.1 open.
func (p policy) covered() bool {
	golden := func(index int) bool { return p.rules[index] == "golden" }
	fixed := func(index int) bool { return golden(index) || p.rules[index] == "untouched" }
	named := func(index int) bool { return golden(index) || p.rules[index] == "events" }
	firmware := named(0) || p.platform && p.rules[0] == "unchecked"
	image := golden(11) || fixed(8) && golden(9)
	return firmware && named(1) && named(2) && golden(4) && named(7) && image && fixed(12) && fixed(13)
}

// checkRules is step `pcr.rules` up to the release: PCR 0, then the rules in ascending order of kinds
// and PCRs.
func checkRules(p policy, b bundle, c claims) string {
	if value, has := b.values[0]; has && p.rules[0] != "" && allEqual(value[:len(value)-1], 0) {
		return "pcr.bank_unextended"
	}
	for index := range 24 {
		reset := byte(0)
		if index >= 17 && index <= 22 {
			reset = 0xff
		}
		if p.rules[index] == "untouched" && !allEqual(b.values[index], reset) {
			return "pcr.touched"
		}
	}
	if p.rules[14] == "config" && !bytes.Equal(b.values[14], derived(p.bank, "blindllama/config/v1", c.config)) {
		return "pcr.derived"
	}
	if p.rules[15] == "instance" && (c.instanceKey == nil ||
		!bytes.Equal(b.values[15], derived(p.bank, "blindllama/instance/v1", c.instanceKey))) {
		return "pcr.derived"
	}
	return ""
}

// derived is the value of a PCR after its one event (§7.2).
func derived(bank uint16, label string, member []byte) []byte {
	data := join(lp([]byte(label)), lp(member))
	return hashOf(bank, make([]byte, hashLength(bank)), hashOf(bank, data))
}

// matchRelease returns the first candidate that has the quoted value of every golden index.
func matchRelease(p policy, b bundle, candidates []release) (release, bool) {
	for _, candidate := range candidates {
		matches := true
		for index, rule := range p.rules {
			if rule == "golden" && !bytes.Equal(candidate.values[index], b.values[index]) {
				matches = false
			}
		}
		if matches {
			return candidate, true
		}
	}
	return release{}, false
}

// acceptsConfig is step `claims.config`.
func acceptsConfig(p policy, r release, digest []byte) bool {
	return slices.ContainsFunc(slices.Concat(p.configDigests, r.configDigests), func(one []byte) bool {
		return bytes.Equal(one, digest)
	})
}
