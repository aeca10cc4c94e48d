package main

import "slices"

// manifest is a signed release (§19.4).
type manifest struct {
	version, minVersion uint64
	notBefore, notAfter uint64
	model               []byte
	bank                uint16
	configDigests       [][]byte
	whole               []map[int][]byte
	platforms, images   []map[int][]byte
}

func readManifest(payload []byte) (manifest, string) {
	var m manifest
	code := openDocument(payload, func(d *document, o *object) {
		d.text(d.required(o, "name"))
		m.version = d.integer(d.required(o, "version"), 1, maxJSONInteger)
		m.minVersion = d.integer(d.required(o, "minVersion"), 1, maxJSONInteger)
		m.notBefore = d.integer(d.required(o, "notBefore"), 0, maxJSONInteger)
		m.notAfter = d.integer(d.required(o, "notAfter"), 0, maxJSONInteger)
		d.hex(d.required(o, "sourceCommit"), 20, 32)
		d.hex(d.required(o, "imageDigest"), 32)
		if v, has := d.optional(o, "modelDigest"); has {
			m.model = d.hex(v, 32)
		}
		d.text(d.required(o, "machine"))
		if v, has := d.optional(o, "configDigests"); has {
			m.configDigests = d.digests(v, 64, 32)
		}
		m.bank = algSHA256
		if d.oneOf(d.required(o, "bank"), "sha256", "sha384") == "sha384" {
			m.bank = algSHA384
		}
		m.whole = m.readParts(d, o, "whole", func(index int) bool { return !growing(index) })
		m.platforms = m.readParts(d, o, "platforms", func(index int) bool { return index <= 7 && index != 4 })
		m.images = m.readParts(d, o, "images", func(index int) bool {
			return slices.Contains([]int{4, 8, 9, 11, 12, 13, 14}, index)
		})
		d.demand(m.minVersion <= m.version && m.notBefore < m.notAfter)
		d.demand(m.whole != nil || m.platforms != nil || m.images != nil)
	})
	return m, code
}

func (m *manifest) readParts(d *document, o *object, name string, belongs func(int) bool) []map[int][]byte {
	v, has := d.optional(o, name)
	if !has {
		return nil
	}
	var names []string
	var parts []map[int][]byte
	for _, one := range d.list(v, 64) {
		part := d.object(one)
		names = append(names, d.text(d.required(part, "name")))
		values := d.values(d.required(part, "pcrs"), hashLength(m.bank), 1)
		d.end(part)
		for index := range values {
			d.demand(belongs(index))
		}
		parts = append(parts, values)
	}
	d.demand(distinct(names, func(s string) string { return s }))
	return parts
}

// candidates are those of §19.4, in their order.
func (m *manifest) candidates() []release {
	var out []release
	add := func(parts ...map[int][]byte) {
		r := release{values: map[int][]byte{}, configDigests: m.configDigests, manifest: true}
		for _, part := range parts {
			for index, value := range part {
				r.values[index] = value
			}
		}
		out = append(out, r)
	}
	for _, part := range m.whole {
		add(part)
	}
	for _, platform := range append(slices.Clone(m.platforms), nil) {
		for _, image := range append(slices.Clone(m.images), nil) {
			add(platform, image)
		}
	}
	return out
}
