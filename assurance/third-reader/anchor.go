package main

import (
	"bytes"
	"slices"
)

// anchor is an entry of `anchors`; its kind is `allOf` where it has members.
type anchor struct {
	kind        string
	names       [][]byte
	assurance   string
	hierarchy   bool
	hasFirmware bool
	firmware    uint64
	root        []byte
	enrolments  int
	enrolled    bool
	anybody     bool // a `gcp` anchor without a project
	members     []anchor
}

func readAnchor(d *document, v value) anchor {
	o := d.object(v)
	list, has := d.optional(o, "allOf")
	if !has {
		return readVoucher(d, o, true)
	}
	a := anchor{kind: "allOf"}
	members := d.list(list, 4)
	if len(members) < 2 {
		d.fail(d.syntax)
	}
	for _, member := range members {
		a.members = append(a.members, readVoucher(d, d.object(member), false))
	}
	d.end(o)
	return a
}

func readVoucher(d *document, o *object, alone bool) anchor {
	a := anchor{kind: d.oneOf(d.required(o, "kind"), "ak-name", "simulated", "azure", "gcp", "custom-ca")}
	switch a.kind {
	case "ak-name", "simulated":
		a.readNames(d, o)
	case "gcp":
		a.root = d.hex(d.required(o, "rootSha256"), 32)
		a.readInstance(d, o)
	default:
		a.root = d.hex(d.required(o, "rootSha256"), 32)
		if v, has := d.optional(o, "vm"); has {
			if a.kind != "azure" {
				d.fail(d.syntax)
			}
			d.oneOf(v, "confidential", "trusted")
		}
	}
	switch a.kind {
	case "simulated":
		a.assurance = "simulated"
		d.demand(alone)
	case "ak-name":
		a.assurance = d.oneOf(d.required(o, "assurance"), assurances...)
		// A Name alone proves no confidential machine, and `simulated` is a kind of its own.
		d.demand(a.assurance != "simulated" && a.assurance != "cvm-bound")
	case "custom-ca":
		a.assurance = "operator-ca"
	default:
		a.assurance = "cloud-vtpm"
	}
	if v, has := d.optional(o, "hierarchy"); has {
		d.oneOf(v, "endorsement")
		a.hierarchy = true
	}
	if v, has := d.optional(o, "minFirmwareVersion"); has {
		a.hasFirmware = true
		for _, b := range d.hex(v, 8) {
			a.firmware = a.firmware<<8 | uint64(b)
		}
	}
	if v, has := d.optional(o, "enrolment"); has {
		if a.kind != "ak-name" {
			d.fail(d.syntax)
		}
		a.enrolled, a.enrolments = true, len(d.digests(v, 256, 32))
	}
	d.end(o)
	return a
}

// readNames reads `name`, or for `ak-name` also `names` in its place.
func (a *anchor) readNames(d *document, o *object) {
	one, hasOne := d.optional(o, "name")
	list := []value{one}
	if a.kind == "ak-name" {
		many, hasMany := d.optional(o, "names")
		if hasMany == hasOne {
			d.fail(d.syntax)
		}
		if hasMany {
			list = d.list(many, 256)
		}
	}
	for _, v := range list {
		name := d.hex(v, 34, 50, 66)
		if len(name) > 2 && (name[0] != 0 || hashLength(uint16(name[1])) != len(name)-2) {
			d.fail(d.syntax)
		}
		a.names = append(a.names, name)
	}
}

func (a *anchor) readInstance(d *document, o *object) {
	a.anybody = true
	for _, name := range []string{"projectNumber", "projectId", "zone", "instanceId", "instanceName"} {
		v, has := d.optional(o, name)
		if !has {
			continue
		}
		text := d.text(v)
		if name == "projectNumber" || name == "instanceId" {
			if n, is := parseDecimal(text, 64); !is || decimal(n) != text {
				d.fail(d.syntax)
			}
		}
		a.anybody = a.anybody && name != "projectNumber" && name != "projectId"
	}
}

// knownRoots of §17.3, by the kind whose rules hold under them.
var knownRoots = map[string]string{
	"e6c596b17f8ffefba5c300f714cfb1260c6028704ecf7becc4ab5018efb00e95": "azure",
	"594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2": "gcp",
	"9bd5285f8fb18502a7947e621ffd470266f49fcd3b73e19a190f690ad32a7caf": "gcp",
}

// check applies what makes an anchor `policy.invalid`.
func (a anchor) check(d *document) {
	kind, known := knownRoots[hexText(a.root)]
	d.demand(!known || kind == a.kind)
	d.demand(!a.anybody)
	d.demand(!a.hasFirmware || a.needsQualifiedName())
	d.demand(!a.enrolled || a.enrolments == len(a.names))
	var roots [][]byte
	for _, member := range a.members {
		member.check(d)
		if member.root != nil {
			roots = append(roots, member.root)
		}
	}
	d.demand(distinct(roots, func(b []byte) string { return string(b) }))
}

// needsQualifiedName tells whether step `ak.qualified_name` is required under the anchor.
func (a anchor) needsQualifiedName() bool {
	return a.hierarchy || a.kind == "azure" || a.kind == "gcp" || slices.ContainsFunc(a.members, anchor.needsQualifiedName)
}

// namesKey tells whether the anchor, or a member of it, names the key itself (§6).
func (a anchor) namesKey() bool {
	return a.names != nil || slices.ContainsFunc(a.members, anchor.namesKey)
}

// leastFirmware is the highest `minFirmwareVersion` of anchor and members, and whether there is one.
func (a anchor) leastFirmware() (uint64, bool) {
	least, has := a.firmware, a.hasFirmware
	for _, member := range a.members {
		if other, hasOther := member.leastFirmware(); hasOther {
			least, has = max(least, other), true
		}
	}
	return least, has
}

// strongest is the assurance of the anchor: of several members the highest in the order of §1.
func (a anchor) strongest() string {
	best := a.assurance
	for _, member := range a.members {
		if slices.Index(assurances, member.assurance) > slices.Index(assurances, best) {
			best = member.assurance
		}
	}
	return best
}

// fault returns why the anchor does not vouch for a key: a code, or "" where it does. The second
// result tells that a chain ends in its root: judging it is outside of this reader.
func (a anchor) fault(name []byte, chains [][][]byte) (string, bool) {
	if a.root != nil {
		for _, chain := range chains {
			if bytes.Equal(sum256(chain[len(chain)-1]), a.root) {
				return "", true
			}
		}
		if len(chains) > 0 {
			return "chain.root", false
		}
		return "ak.untrusted", false
	}
	for _, one := range a.names {
		if bytes.Equal(one, name) {
			return "", false
		}
	}
	return "ak.untrusted", false
}

// trust is step `ak.trust` (§17.4). It returns the anchor that matches or the code, and whether that
// takes a chain for one that vouches.
func trust(anchors []anchor, name []byte, chains [][][]byte) (anchor, string, bool) {
	code, chain := "ak.untrusted", false
	note := func(fault string) {
		// The first fault that is neither of the two decides; else `chain.root` where it is among them.
		if code == "ak.untrusted" || code == "chain.root" && fault != "ak.untrusted" {
			code = fault
		}
	}
	for _, a := range anchors {
		members := a.members
		if members == nil {
			members = []anchor{a}
		}
		var faults []string
		for _, member := range members {
			fault, taken := member.fault(name, chains)
			chain = chain || taken
			if fault != "" {
				faults = append(faults, fault)
			}
		}
		switch {
		case len(faults) == 0:
			return a, "", chain
		case len(faults) < len(members):
			note("ak.all_of")
		default:
			for _, fault := range faults {
				note(fault)
			}
		}
	}
	return anchor{}, code, chain
}
