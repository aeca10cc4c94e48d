package main

import "strings"

const (
	maxPolicyBytes  = 256 << 10
	defaultMaxAgeMs = 3_600_000
)

var (
	assurances = []string{"simulated", "operator-ca", "cloud-vtpm", "cvm-bound", "hardware-tpm"}
	upstreams  = []string{"in-image", "attested", "unattested"}
)

// policy is what §7 describes, as far as steps of this reader use it.
type policy struct {
	audience      string
	anchors       []anchor
	assurances    []string
	upstreams     []string
	bank          uint16
	rules         map[int]string // `events` stands for a rule with events
	needsLog      bool
	partial       bool
	releases      []release
	releaseKeys   *keySet
	minVersion    uint64
	status        *statusDemand
	log           *logDemand
	configDigests [][]byte
	platform      bool
	maxAgeMs      uint64
	safeClock     bool
	monotonic     bool
	suites        []suite // nil: every one
}

// release is one set of reference values; `manifest` tells that it came with the evidence (§19.4).
type release struct {
	name          string
	values        map[int][]byte
	configDigests [][]byte
	manifest      bool
}

type suite struct{ kem, kdf, aead uint16 }

// readPolicy is step `policy` of §8. It returns the code of the first fault.
func readPolicy(text []byte) (policy, string) {
	if len(text) > maxPolicyBytes {
		return policy{}, "policy.size"
	}
	root, err := decodeJSON(text)
	if err != nil {
		return policy{}, "policy.syntax"
	}
	d := &document{syntax: "policy.syntax"}
	o := d.object(root)
	if d.integer(d.required(o, "version"), 1, maxJSONInteger) != 1 {
		d.fail("policy.unsupported")
	}
	if v, has := d.optional(o, "$schema"); has {
		if _, is := v.(string); !is {
			d.fail(d.syntax)
		}
	}
	p := policy{maxAgeMs: defaultMaxAgeMs}
	if v, has := d.optional(o, "audience"); has {
		p.audience = d.text(v)
	}
	for _, v := range d.list(d.required(o, "anchors"), 256) {
		p.anchors = append(p.anchors, readAnchor(d, v))
	}
	p.assurances = d.words(o, "acceptAssurance", assurances, assurances[2:])
	p.upstreams = d.words(o, "acceptUpstream", upstreams, upstreams[:2])
	p.readPCRs(d, d.required(o, "pcrs"))
	p.readReleases(d, o)
	p.readSigned(d, o)
	if v, has := d.optional(o, "configDigests"); has {
		p.configDigests = d.digests(v, 64, 32)
	}
	if v, has := d.optional(o, "platform"); has {
		p.platform = true
		readPlatform(d, v)
	}
	if v, has := d.optional(o, "maxAgeMs"); has {
		p.maxAgeMs = d.integer(v, 1000, 86_400_000)
	}
	p.safeClock = d.boolean(o, "requireSafeClock")
	p.monotonic = d.boolean(o, "requireMonotonicState")
	if v, has := d.optional(o, "suites"); has {
		p.readSuites(d, v)
	}
	d.end(o)
	p.check(d)
	if d.code == "" && d.invalid {
		d.code = "policy.invalid"
	}
	return p, d.code
}

func (p *policy) readPCRs(d *document, v value) {
	o := d.object(v)
	p.bank = algSHA256
	if d.oneOf(d.required(o, "bank"), "sha256", "sha384") == "sha384" {
		p.bank = algSHA384
	}
	rules := d.object(d.required(o, "rules"))
	p.rules = map[int]string{}
	for _, name := range rules.names {
		p.readRule(d, d.index(name), rules.values[name])
	}
	if v, has := d.optional(o, "replay"); has {
		p.readReplay(d, v)
	}
	p.partial = d.boolean(o, "allowPartialCoverage")
	d.end(o)
}

func (p *policy) readRule(d *document, index int, v value) {
	if rule, is := v.(*object); is {
		p.needsLog, p.rules[index] = true, "events"
		readEvents(d, rule, hashLength(p.bank))
		d.demand(index <= 7 && index != 4)
		return
	}
	rule := d.oneOf(v, "golden", "untouched", "unchecked", "config", "instance")
	p.rules[index] = rule
	d.demand(rule != "config" || index == 14)
	d.demand(rule != "instance" || index == 15)
	d.demand(rule == "unchecked" || !growing(index))
	d.demand(rule != "untouched" || index != 0)
}

// growing tells of PCRs that change in ordinary use.
func growing(index int) bool { return index == 10 || index == 16 || index == 23 }

func (p *policy) readReplay(d *document, v value) {
	p.needsLog = true
	replayable := func(index int) bool {
		rule, selected := p.rules[index]
		return selected && !growing(index) && rule != "config" && rule != "instance"
	}
	if _, is := v.(string); is {
		d.oneOf(v, "quoted")
		some := false
		for index := range 15 {
			some = some || replayable(index)
		}
		d.demand(some)
		return
	}
	var indices []uint64
	for _, one := range d.list(v, 24) {
		index := d.integer(one, 0, 23)
		indices = append(indices, index)
		d.demand(replayable(int(index)))
	}
	d.demand(distinct(indices, decimal))
}

func (p *policy) readReleases(d *document, o *object) {
	v, has := d.optional(o, "releases")
	if !has {
		if _, signed := o.values["releaseKeys"]; !signed {
			d.fail(d.syntax)
		}
		return
	}
	for _, one := range d.list(v, 64) {
		entry := d.object(one)
		r := release{name: d.text(d.required(entry, "name"))}
		r.values = d.values(d.required(entry, "pcrs"), hashLength(p.bank), 0)
		if v, has := d.optional(entry, "configDigests"); has {
			r.configDigests = d.digests(v, 64, 32)
		}
		d.end(entry)
		p.releases = append(p.releases, r)
	}
}

func (p *policy) readSuites(d *document, v value) {
	for _, one := range d.list(v, 16) {
		name, is := one.(string)
		if !is {
			d.fail(d.syntax)
		}
		s, known := suites[name]
		if !known {
			d.fail("policy.unsupported")
		}
		p.suites = append(p.suites, s)
	}
}

var suites = map[string]suite{
	"x25519-sha256-aes128gcm":                {0x0020, 1, 1},
	"x25519-sha256-aes256gcm":                {0x0020, 1, 2},
	"x25519-sha256-chacha20poly1305":         {0x0020, 1, 3},
	"mlkem768x25519-sha256-aes128gcm":        {0x647a, 1, 1},
	"mlkem768x25519-sha256-aes256gcm":        {0x647a, 1, 2},
	"mlkem768x25519-sha256-chacha20poly1305": {0x647a, 1, 3},
}

// check applies what is said of several members together.
func (p *policy) check(d *document) {
	golden := 0
	for _, rule := range p.rules {
		if rule == "golden" {
			golden++
		}
	}
	d.demand(golden > 0)
	d.demand(distinct(p.releases, func(r release) string { return r.name }))
	for _, r := range p.releases {
		d.demand(len(r.values) == golden)
		for index := range r.values {
			d.demand(p.rules[index] == "golden")
		}
	}
	for _, a := range p.anchors {
		a.check(d)
		d.demand(!p.monotonic || a.needsQualifiedName())
	}
	d.demand(p.log == nil || p.releaseKeys != nil)
	d.demand(p.status == nil || p.status.signers != nil || p.releaseKeys != nil)
}

// readEvents reads an events rule (§16). Its meaning belongs to step `eventlog`, which is outside.
func readEvents(d *document, rule *object, digest int) {
	for _, v := range d.list(d.required(rule, "events"), 256) {
		o := d.object(v)
		kinds := 0
		member := func(name string, read func(value)) {
			if v, has := d.optional(o, name); has {
				kinds++
				read(v)
			}
		}
		member("digests", func(v value) { d.digests(v, 256, digest) })
		member("data", func(v value) { d.hex(v) })
		member("text", func(v value) { d.text(v) })
		member("separator", func(v value) {
			if v != true {
				d.fail(d.syntax)
			}
		})
		member("variable", func(v value) { readVariable(d, v) })
		if kinds != 1 {
			d.fail(d.syntax)
		}
		if v, has := d.optional(o, "times"); has {
			list := d.list(v, 2)
			if len(list) != 2 || d.integer(list[0], 0, 8192) > d.integer(list[1], 1, 8192) {
				d.fail(d.syntax)
			}
		}
		d.end(o)
	}
	d.end(rule)
}

func readVariable(d *document, v value) {
	o := d.object(v)
	guid, _ := d.required(o, "guid").(string)
	for i, part := range strings.Split(guid, "-") {
		if b, whole := lowerHex(part); !whole || i > 4 || len(b) != []int{4, 2, 2, 2, 6}[i] {
			d.fail(d.syntax)
		}
	}
	if strings.Count(guid, "-") != 4 {
		d.fail(d.syntax)
	}
	d.text(d.required(o, "name"))
	data, hasData := d.optional(o, "data")
	if hasData {
		d.hex(data)
	}
	if v, has := d.optional(o, "dataSha256"); has {
		d.digests(v, 256, 32)
		if hasData {
			d.fail(d.syntax)
		}
	}
	d.end(o)
}

// readPlatform reads §18.1. What it demands belongs to step `platform`, which is outside.
func readPlatform(d *document, v value) {
	o := d.object(v)
	switch kind, _ := d.required(o, "kind").(string); kind {
	case "azure-snp":
	case "azure-tdx", "nitro":
		d.fail("policy.unsupported")
	default:
		d.fail(d.syntax)
	}
	var roots [][]byte
	for _, one := range d.list(d.required(o, "processors"), 8) {
		line := d.object(one)
		roots = append(roots, d.hex(d.required(line, "arkSha256"), 32))
		least := d.object(d.required(line, "minTcb"))
		for _, name := range []string{"bootloader", "tee", "snp", "microcode"} {
			d.integer(d.required(least, name), 0, 255)
		}
		d.end(least)
		d.end(line)
	}
	d.demand(distinct(roots, func(b []byte) string { return string(b) }))
	named := func(name string, most int) bool {
		v, has := d.optional(o, name)
		if has {
			for _, digest := range d.digests(v, most, 48) {
				d.demand(!allEqual(digest, 0))
			}
		}
		return has
	}
	keys := named("idKeyDigests", 16)
	least, hasLeast := d.optional(o, "minGuestSvn")
	if hasLeast {
		d.integer(least, 0, 1<<32-1)
	}
	d.demand(keys == hasLeast)
	for _, name := range []string{"familyId", "imageId"} {
		if v, has := d.optional(o, name); has {
			d.hex(v, 16)
			d.demand(keys)
		}
	}
	d.demand(named("measurements", 64) || keys)
	d.end(o)
}
