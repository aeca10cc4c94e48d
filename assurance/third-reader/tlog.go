package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// logDemand is the policy's `log` (§19.3).
type logDemand struct {
	origin    string
	key       []byte
	witnesses []noteKey
	threshold uint64
}

// noteKey is a name with an Ed25519 key.
type noteKey struct {
	name string
	key  []byte
}

func readLog(d *document, v value) *logDemand {
	o := d.object(v)
	log := &logDemand{origin: readNoteName(d, d.required(o, "origin")), key: d.hex(d.required(o, "key"), 32)}
	keys := [][]byte{log.key}
	for _, v := range d.list(d.required(o, "witnesses"), 16) {
		entry := d.object(v)
		w := noteKey{readNoteName(d, d.required(entry, "name")), d.hex(d.required(entry, "key"), 32)}
		d.end(entry)
		log.witnesses, keys = append(log.witnesses, w), append(keys, w.key)
	}
	log.threshold = d.integer(d.required(o, "threshold"), 1, uint64(len(log.witnesses)))
	d.end(o)
	d.demand(log.threshold*2 > uint64(len(log.witnesses)))
	d.demand(distinct(log.witnesses, func(w noteKey) string { return w.name }))
	d.demand(distinct(keys, func(b []byte) string { return string(b) }))
	for _, key := range keys {
		d.demand(isStrongPoint(key))
	}
	return log
}

func readNoteName(d *document, v value) string {
	name := d.text(v)
	for i := range len(name) {
		if name[i] < 0x21 || name[i] > 0x7e || name[i] == '+' {
			d.fail(d.syntax)
		}
	}
	return name
}

// check tells why a document does not stand in the log (§19.6); without a demand it need not.
func (l *logDemand) check(kind string, doc signed) string {
	if l == nil {
		return ""
	}
	if doc.proof == nil {
		return "release.log_missing"
	}
	p, read := readTlogProof(string(doc.proof))
	if !read {
		return "release.log_format"
	}
	if p.origin != l.origin {
		return "release.log_origin"
	}
	if !p.signedByLog(l) {
		return "release.log_signature"
	}
	if !p.witnessed(l) {
		return "release.log_witness"
	}
	entry := join(append([][]byte{pae(kind, doc.payload)}, doc.signatures...)...)
	if !included(p, sum256([]byte{0}, entry)) {
		return "release.log_inclusion"
	}
	return ""
}

// tlogProof is a proof in the form of C2SP tlog-proof@v1.
type tlogProof struct {
	index, size  uint64
	hashes       [][]byte
	origin, text string
	root         []byte
	lines        []noteSignature
}

type noteSignature struct {
	name  string
	bytes []byte
}

// readTlogProof reads exactly the grammar of §19.6.
func readTlogProof(text string) (tlogProof, bool) {
	var p tlogProof
	rest, ok := strings.CutPrefix(text, "c2sp.org/tlog-proof@v1\n")
	if after, extra := strings.CutPrefix(rest, "extra "); ok && extra {
		var line string
		line, rest, ok = strings.Cut(after, "\n")
		_, decoded := base64Bytes(line)
		ok = ok && decoded
	}
	if rest, found := strings.CutPrefix(rest, "index "); ok && found {
		return p, p.readBody(rest)
	}
	return p, false
}

func (p *tlogProof) readBody(rest string) bool {
	head, checkpoint, ok := strings.Cut(rest, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) > 64 {
		return false
	}
	if p.index, ok = noteNumber(lines[0]); !ok {
		return false
	}
	for _, line := range lines[1:] {
		hash, decoded := base64Bytes(line)
		if !decoded || len(hash) != 32 {
			return false
		}
		p.hashes = append(p.hashes, hash)
	}
	text, signatures, ok := strings.Cut(checkpoint, "\n\n")
	p.text = text + "\n"
	return ok && p.readText(strings.Split(text, "\n")) && p.readLines(signatures)
}

func (p *tlogProof) readText(lines []string) bool {
	if len(lines) < 3 {
		return false
	}
	for _, line := range lines {
		if line == "" || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 }) {
			return false
		}
	}
	var sized, decoded bool
	p.origin = lines[0]
	p.size, sized = noteNumber(lines[1])
	p.root, decoded = base64Bytes(lines[2])
	return sized && decoded && len(p.root) == 32
}

func (p *tlogProof) readLines(text string) bool {
	body, ended := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ended || len(lines) > 64 {
		return false
	}
	for _, line := range lines {
		line, dash := strings.CutPrefix(line, "\u2014 ")
		name, encoded, spaced := strings.Cut(line, " ")
		raw, decoded := base64Bytes(encoded)
		isName := name != "" && utf8.ValidString(name) &&
			!strings.ContainsFunc(name, func(r rune) bool { return r <= 0x20 || r == '+' })
		if !dash || !spaced || !decoded || len(raw) < 5 || !isName {
			return false
		}
		p.lines = append(p.lines, noteSignature{name, raw})
	}
	return true
}

// noteNumber reads a decimal number below 2^63 without sign or leading zeros.
func noteNumber(s string) (uint64, bool) {
	n, is := parseDecimal(s, 63)
	return n, is && decimal(n) == s
}

// base64Bytes is RFC 4648 §4 with padding and zero spare bits.
func base64Bytes(s string) ([]byte, bool) {
	// The library passes over line ends.
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	out, err := base64.StdEncoding.Strict().DecodeString(s)
	return out, err == nil
}

// keyID is the first four bytes of H(name || 0A || type || key).
func keyID(k noteKey, kind byte) []byte { return sum256([]byte(k.name), []byte{'\n', kind}, k.key)[:4] }

// of returns what follows the id in each line of a key.
func (p tlogProof) of(k noteKey, kind byte) [][]byte {
	var out [][]byte
	for _, line := range p.lines {
		if line.name == k.name && bytes.Equal(line.bytes[:4], keyID(k, kind)) {
			out = append(out, line.bytes[4:])
		}
	}
	return out
}

func (p tlogProof) signedByLog(l *logDemand) bool {
	lines := p.of(noteKey{l.origin, l.key}, 1)
	for _, signature := range lines {
		if !verifyEd25519(l.key, []byte(p.text), signature) {
			return false
		}
	}
	return len(lines) > 0
}

func (p tlogProof) witnessed(l *logDemand) bool {
	count := uint64(0)
	for _, witness := range l.witnesses {
		lines := p.of(witness, 4)
		for _, line := range lines {
			r := tpmReader{rest: line}
			time := r.u64()
			message := "cosignature/v1\ntime " + decimal(time) + "\n" + p.text
			if r.short || time >= 1<<63 || !verifyEd25519(witness.key, []byte(message), r.rest) {
				return false
			}
		}
		if len(lines) > 0 {
			count++
		}
	}
	return count >= l.threshold
}

// included is RFC 9162 §2.1.3.2.
func included(p tlogProof, leaf []byte) bool {
	if p.index >= p.size {
		return false
	}
	fn, sn, hash := p.index, p.size-1, leaf
	for _, sibling := range p.hashes {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			hash = sum256([]byte{1}, sibling, hash)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			hash = sum256([]byte{1}, hash, sibling)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && bytes.Equal(hash, p.root)
}
