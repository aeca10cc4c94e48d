package main

import "bytes"

// Limits of §3 in bytes; what exceeds one is `bundle.size`.
const (
	maxBundle      = 2 << 20
	maxClaims      = 16 << 10
	maxStatic      = 3 << 19
	maxEventLog    = 1 << 20
	maxCertificate = 8 << 10
)

// bundle is the evidence of §3, static part included.
type bundle struct {
	claims           []byte
	quote, signature []byte
	index            uint64
	siblings         [][]byte
	bank             uint16
	values           map[int][]byte
	proof            []byte // nil: none
	public           []byte
	chains           [][][]byte
	manifest         *signed
	keySets          []signed
	status           *signed
}

// readBundle is step `bundle` of §8.
func readBundle(evidence, held []byte, versions []uint64) (bundle, string) {
	if len(evidence) > maxBundle {
		return bundle{}, "bundle.size"
	}
	it, err := decodeCBOR(evidence)
	if err != nil {
		return bundle{}, "bundle.encoding"
	}
	if version, has := it.get(0); has && version.kind == kindUint && version.n != 1 {
		return bundle{}, "bundle.version"
	}
	s := &shape{}
	s.fields(it, 7, true, 0, 1, 2, 3, 4, 5)
	if s.failed {
		return bundle{}, "bundle.schema"
	}
	var b bundle
	s.uintIn(it.list[0], 1, 1)
	b.claims = s.limited(it.list[1], maxClaims)
	b.readQuote(s, it.list[2])
	b.readProof(s, it.list[3])
	b.readValues(s, it.list[4])
	hash := s.bytesIn(it.list[5], 32, 32)
	static, sent := it.get(6)
	staticBytes := held
	if sent {
		staticBytes = s.limited(static, maxStatic)
	}
	if proof, has := it.get(7); has {
		b.proof = s.bytesIn(proof, 64, 64)
	}
	switch {
	case s.tooLarge:
		return b, "bundle.size"
	case s.failed:
		return b, "bundle.schema"
	case !containsNumber(versions, 1):
		return b, "bundle.version"
	case !sent && (held == nil || !bytes.Equal(sum256(held), hash)):
		return b, "bundle.static_missing"
	case !bytes.Equal(sum256(staticBytes), hash):
		return b, "bundle.static_mismatch"
	case len(staticBytes) > maxStatic:
		return b, "bundle.size"
	}
	return b, b.readStatic(staticBytes)
}

func containsNumber(list []uint64, n uint64) bool {
	for _, one := range list {
		if one == n {
			return true
		}
	}
	return false
}

func (b *bundle) readQuote(s *shape, it item) {
	if s.fields(it, 1, true, 0, 1); s.failed {
		return
	}
	b.quote, b.signature = s.bytesIn(it.list[0], 1, 2048), s.bytesIn(it.list[1], 1, 2048)
}

func (b *bundle) readProof(s *shape, it item) {
	if s.fields(it, 1, true, 0, 1); s.failed {
		return
	}
	b.index = s.uintIn(it.list[0], 0, 1<<64-1)
	for _, sibling := range s.listIn(it.list[1], 0, 64) {
		b.siblings = append(b.siblings, s.bytesIn(sibling, 32, 32))
	}
}

func (b *bundle) readValues(s *shape, it item) {
	if s.fields(it, 1, true, 0, 1); s.failed {
		return
	}
	b.bank = uint16(s.uintIn(it.list[0], algSHA256, algSHA384))
	values := it.list[1]
	if values.kind != kindMap {
		s.refuse()
		return
	}
	b.values = map[int][]byte{}
	for i, index := range values.keys {
		if index >= 64 {
			break // extensions, in ascending order
		}
		if index > 23 {
			s.refuse()
			return
		}
		length := hashLength(b.bank)
		b.values[int(index)] = s.bytesIn(values.list[i], length, length)
	}
}

// readStatic reads the part that rarely changes; no map of it has extensions.
func (b *bundle) readStatic(raw []byte) string {
	it, err := decodeCBOR(raw)
	if err != nil {
		return "bundle.encoding"
	}
	s := &shape{}
	if s.fields(it, 6, false, 0); s.failed {
		return "bundle.schema"
	}
	for i, key := range it.keys {
		b.readStaticPart(s, key, it.list[i])
	}
	switch {
	case s.tooLarge:
		return "bundle.size"
	case s.failed:
		return "bundle.schema"
	}
	return ""
}

func (b *bundle) readStaticPart(s *shape, key uint64, it item) {
	switch key {
	case 0:
		b.public = s.bytesIn(it, 1, 1024)
	case 1:
		b.chains = append(b.chains, readChain(s, it, 8))
	case 2:
		for _, log := range s.listIn(it, 1, 4) {
			if s.fields(log, 1, false, 0, 1); !s.failed {
				s.uintIn(log.list[0], 0, 1<<64-1)
				s.limited(log.list[1], maxEventLog)
			}
		}
	case 3:
		if s.fields(it, 1, false, 0); s.failed {
			return
		}
		manifest := readSigned(s, it.list[0], false)
		b.manifest = &manifest
		if sets, has := it.get(1); has {
			b.keySets = readSignedList(s, sets, false)
		}
	case 4:
		for _, report := range s.listIn(it, 1, 4) {
			if s.fields(report, 2, false, 0, 1); s.failed {
				return
			}
			s.uintIn(report.list[0], 0, 1<<64-1)
			s.bytesIn(report.list[1], 1, 8192)
			if chain, has := report.get(2); has {
				readChain(s, chain, 4)
			}
		}
	case 5:
		status := readSigned(s, it, false)
		b.status = &status
	case 6:
		for _, chain := range s.listIn(it, 1, 3) {
			b.chains = append(b.chains, readChain(s, chain, 8))
		}
	}
}

func readChain(s *shape, it item, most int) [][]byte {
	var chain [][]byte
	for _, certificate := range s.listIn(it, 1, most) {
		chain = append(chain, s.limited(certificate, maxCertificate))
	}
	return chain
}

// root follows the path from a nonce to the root of the tree (§5).
func (b *bundle) root(nonce []byte) ([]byte, bool) {
	depth := len(b.siblings)
	if depth < 1 || depth > 20 || b.index >= 1<<depth {
		return nil, false
	}
	hash := sum256([]byte{0}, nonce)
	for i, sibling := range b.siblings {
		if b.index>>i&1 == 1 {
			hash = sum256([]byte{1}, sibling, hash)
		} else {
			hash = sum256([]byte{1}, hash, sibling)
		}
	}
	return hash, true
}
