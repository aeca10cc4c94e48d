package main

import "regexp"

// claims are those of §4, as far as steps use them.
type claims struct {
	audiences    []string
	keyList      []byte
	epoch        []byte
	lifetimeMs   uint64
	serverTimeMs uint64
	config       []byte
	upstream     uint64
	receiptKey   []byte
	instanceKey  []byte
	versions     []uint64
	promptCache  uint64
	keys         []keyConfig
}

var instancePattern = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// readClaims is step `claims` of §8.
func readClaims(b bundle, asked []uint64) (claims, string) {
	it, err := decodeCBOR(b.claims)
	if err != nil {
		return claims{}, "claims.encoding"
	}
	if version, has := it.get(0); has && version.kind == kindUint && version.n != 1 {
		return claims{}, "claims.version"
	}
	s := &shape{}
	if s.fields(it, 13, true, 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13); s.failed {
		return claims{}, "claims.schema"
	}
	var c claims
	for i, key := range it.keys {
		c.readMember(s, key, it.list[i])
	}
	if s.failed {
		return c, "claims.schema"
	}
	var listed bool
	if c.keys, listed = readKeyList(c.keyList); !listed {
		return c, "claims.keys"
	}
	// The highest version of both has to be that of the bundle, which is 1.
	for _, version := range c.versions {
		if version > 1 && containsNumber(asked, version) {
			return c, "claims.version"
		}
	}
	if !containsNumber(c.versions, 1) {
		return c, "claims.version"
	}
	if (c.instanceKey == nil) != (b.proof == nil) {
		return c, "claims.instance_key"
	}
	message := join(lp([]byte("blindllama/instance-proof/v1")), lp(sum256(b.claims)))
	if b.proof != nil && !verifyEd25519(c.instanceKey, message, b.proof) {
		return c, "claims.instance_key"
	}
	return c, ""
}

func (c *claims) readMember(s *shape, key uint64, it item) {
	switch key {
	case 0:
		s.uintIn(it, 1, 1)
	case 1:
		for _, audience := range s.listIn(it, 1, 16) {
			if audience.kind != kindText || len(audience.bytes) < 1 || len(audience.bytes) > 255 {
				s.refuse()
			}
			c.audiences = append(c.audiences, string(audience.bytes))
		}
		if !distinct(c.audiences, func(a string) string { return a }) {
			s.refuse()
		}
	case 2:
		if it.kind != kindText || !instancePattern.Match(it.bytes) {
			s.refuse()
		}
	case 3:
		c.keyList = s.bytesIn(it, 1, 4096)
	case 4:
		c.epoch = s.bytesIn(it, 16, 16)
	case 5:
		c.lifetimeMs = s.uintIn(it, 1, 86_400_000)
	case 6:
		c.serverTimeMs = s.uintIn(it, 0, 1<<53-1)
	case 7:
		c.config = s.bytesIn(it, 32, 32)
	case 8:
		c.upstream = s.uintIn(it, 0, 2)
	case 9:
		c.receiptKey = s.bytesIn(it, 32, 32)
	case 10:
		for _, claim := range s.listIn(it, 1, 16) {
			if s.fields(claim, 1, true, 0, 1); !s.failed {
				s.uintIn(claim.list[0], 0, 1<<64-1)
				s.limited(claim.list[1], maxClaims)
			}
		}
	case 11:
		c.instanceKey = s.bytesIn(it, 32, 32)
	case 12:
		for i, version := range s.listIn(it, 1, 8) {
			c.versions = append(c.versions, s.uintIn(version, 1, 63))
			if i > 0 && c.versions[i] <= c.versions[i-1] {
				s.refuse()
			}
		}
	case 13:
		c.promptCache = s.uintIn(it, 0, 2)
	}
}

// keyConfig is an entry of `ohttp_keys` whose KEM is known: RFC 9458 §3.1.
type keyConfig struct{ suites []suite }

// publicKeyBytes is Npk of the KEMs whose keys have a known length (§4).
var publicKeyBytes = map[uint16]int{0x0010: 65, 0x0011: 97, 0x0012: 133, 0x0020: 32, 0x0021: 56, 0x647a: 1216}

// readKeyList reads an application/ohttp-keys list: any fault discards it (RFC 9458 §3.2).
func readKeyList(raw []byte) ([]keyConfig, bool) {
	list := tpmReader{rest: raw}
	seen := map[byte]bool{}
	var keys []keyConfig
	for len(list.rest) > 0 {
		entry := tpmReader{rest: list.sized()}
		id, kem := entry.u8(), entry.u16()
		if list.short || entry.short || seen[id] {
			return nil, false
		}
		seen[id] = true
		length, known := publicKeyBytes[kem]
		if !known {
			continue
		}
		entry.take(length)
		algorithms := tpmReader{rest: entry.sized()}
		if !entry.whole() || len(algorithms.rest) == 0 || len(algorithms.rest)%4 != 0 {
			return nil, false
		}
		var key keyConfig
		for len(algorithms.rest) > 0 {
			key.suites = append(key.suites, suite{kem, algorithms.u16(), algorithms.u16()})
		}
		keys = append(keys, key)
	}
	return keys, true
}

// offers tells whether a key exists that policy and engine support (step `key`).
func (c claims) offers(accepted func(suite) bool) bool {
	for _, key := range c.keys {
		for _, s := range key.suites {
			if accepted(s) {
				return true
			}
		}
	}
	return false
}
