package main

import (
	"bytes"
	"slices"
)

// fiveMinutes is the tolerance of clocks of §8 and §19.5, in milliseconds.
const fiveMinutes = 300_000

// statusDemand is the policy's `status`; signers are nil where `releaseKeys` sign.
type statusDemand struct {
	maxAgeMs uint64
	signers  *keySet
}

// status is a signed list of what was withdrawn (§19.5), as far as it concerns manifests.
type status struct {
	date, minVersion uint64
	releases         [][]byte
}

func readStatus(payload []byte) (status, string) {
	var s status
	code := openDocument(payload, func(d *document, o *object) {
		s.date = d.integer(d.required(o, "date"), 0, maxJSONInteger)
		if v, has := d.optional(o, "minVersion"); has {
			s.minVersion = d.integer(v, 1, maxJSONInteger)
		}
		if v, has := d.optional(o, "revokedReleases"); has {
			s.releases = d.digests(v, 1024, 32)
		}
		if v, has := d.optional(o, "revokedCertificates"); has {
			d.digests(v, 1024, 32)
		}
		if v, has := d.optional(o, "revokedSerials"); has {
			for _, one := range d.list(v, 1024) {
				entry := d.object(one)
				d.hex(d.required(entry, "issuer"), 32)
				serial := d.hex(d.required(entry, "serial"))
				if len(serial) < 1 || len(serial) > 20 || serial[0] == 0 {
					d.fail(d.syntax)
				}
				d.end(entry)
			}
		}
	})
	return s, code
}

func (s status) revokes(doc signed) bool {
	hash := sum256(doc.payload)
	return slices.ContainsFunc(s.releases, func(one []byte) bool { return bytes.Equal(one, hash) })
}

// open verifies a status up to its place in the log: signed, read, logged.
func openStatus(doc signed, signers *keySet, log *logDemand) (status, string) {
	if code := signers.verify(typeStatus, doc); code != "" {
		return status{}, code
	}
	s, code := readStatus(doc.payload)
	if code == "" {
		code = log.check(typeStatus, doc)
	}
	return s, code
}

// readSigned reads the policy's members of §19.3.
func (p *policy) readSigned(d *document, o *object) {
	if v, has := d.optional(o, "releaseKeys"); has {
		keys := d.object(v)
		p.releaseKeys = readKeySet(d, keys, false)
		if v, has := d.optional(keys, "minVersion"); has {
			p.minVersion = d.integer(v, 1, maxJSONInteger)
		}
		d.end(keys)
	}
	if v, has := d.optional(o, "status"); has {
		entry := d.object(v)
		p.status = &statusDemand{maxAgeMs: d.integer(d.required(entry, "maxAgeMs"), 1000, 31_622_400_000)}
		if v, has := d.optional(entry, "signers"); has {
			signers := d.object(v)
			p.status.signers = readKeySet(d, signers, false)
			d.end(signers)
		}
		d.end(entry)
	}
	if v, has := d.optional(o, "log"); has {
		p.log = readLog(d, v)
	}
}

// statusSigners are the keys of the policy that sign statuses, or nil where it names none.
func (p *policy) statusSigners() *keySet {
	if p.status != nil && p.status.signers != nil {
		return p.status.signers
	}
	return p.releaseKeys
}
