package main

import (
	"bytes"
	"slices"
)

// Types of documents that are signed, §19.1.
const (
	typeManifest = "application/vnd.blindllama.release.v1+json"
	typeKeySet   = "application/vnd.blindllama.key-set.v1+json"
	typeStatus   = "application/vnd.blindllama.status.v1+json"
)

// signed is a document as it travels. Each of its signatures is public key (32) || signature (64).
type signed struct {
	payload    []byte
	signatures [][]byte
	proof      []byte // nil: none
}

// readSigned reads a document; only in a `current-status` may it have extensions (§21).
func readSigned(s *shape, it item, extensible bool) signed {
	if s.fields(it, 2, extensible, 0, 1); s.failed {
		return signed{}
	}
	out := signed{payload: s.bytesIn(it.list[0], 1, 262144)}
	for _, signature := range s.listIn(it.list[1], 1, 16) {
		out.signatures = append(out.signatures, s.bytesIn(signature, 96, 96))
	}
	if proof, has := it.get(2); has {
		out.proof = s.bytesIn(proof, 1, 65536)
	}
	return out
}

func readSignedList(s *shape, it item, extensible bool) []signed {
	var out []signed
	for _, one := range s.listIn(it, 1, 8) {
		out = append(out, readSigned(s, one, extensible))
	}
	return out
}

// pae is the pre-authentication encoding of DSSE.
func pae(kind string, payload []byte) []byte {
	head := "DSSEv1 " + decimal(uint64(len(kind))) + " " + kind + " " + decimal(uint64(len(payload))) + " "
	return append([]byte(head), payload...)
}

// roleKey is a key with its one role.
type roleKey struct {
	key  []byte
	role string
}

// keySet is a set of keys with a threshold for every role (§19.1).
type keySet struct {
	keys       []roleKey
	thresholds map[string]uint64
	notAfter   uint64
	ends       bool
}

// readKeySet reads the members of a key set. `successor` demands `notAfter`.
func readKeySet(d *document, o *object, successor bool) *keySet {
	set := &keySet{thresholds: map[string]uint64{}}
	for _, v := range d.list(d.required(o, "keys"), 16) {
		entry := d.object(v)
		key := roleKey{key: d.hex(d.required(entry, "key"), 32), role: readRole(d, d.required(entry, "role"))}
		d.end(entry)
		set.keys = append(set.keys, key)
		d.demand(isStrongPoint(key.key))
	}
	thresholds := d.object(d.required(o, "threshold"))
	if len(thresholds.names) < 1 || len(thresholds.names) > 16 {
		d.fail(d.syntax)
	}
	for _, name := range thresholds.names {
		set.thresholds[readRole(d, name)] = d.integer(thresholds.values[name], 1, 16)
	}
	end, ends := d.optional(o, "notAfter")
	if ends {
		set.notAfter, set.ends = d.integer(end, 0, maxJSONInteger), true
	} else if successor {
		d.fail(d.syntax)
	}
	d.demand(distinct(set.keys, func(k roleKey) string { return string(k.key) }))
	count := map[string]uint64{}
	for _, key := range set.keys {
		count[key.role]++
		d.demand(set.thresholds[key.role] > 0)
	}
	for role, threshold := range set.thresholds {
		d.demand(threshold <= count[role])
	}
	return set
}

func readRole(d *document, v value) string {
	role, _ := v.(string)
	valid := len(role) >= 1 && len(role) <= 32
	for i := range len(role) {
		c := role[i]
		valid = valid && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !valid {
		d.fail(d.syntax)
	}
	return role
}

// id is the key-set-id of §19.2.
func (k *keySet) id() []byte {
	sorted := slices.SortedFunc(slices.Values(k.keys), func(a, b roleKey) int { return bytes.Compare(a.key, b.key) })
	var keys, thresholds [][]byte
	for _, key := range sorted {
		keys = append(keys, cborArray(cborBytes(key.key), cborText(key.role)))
	}
	for _, role := range k.roles() {
		thresholds = append(thresholds, cborArray(cborText(role), cborUint(k.thresholds[role])))
	}
	members := [][]byte{cborArray(keys...), cborArray(thresholds...)}
	if k.ends {
		members = append(members, cborUint(k.notAfter))
	}
	return sum256(lp([]byte("blindllama/key-set/v1")), lp(cborMap(members...)))
}

// roles are those of the thresholds, in their bytewise order.
func (k *keySet) roles() []string {
	var roles []string
	for role := range k.thresholds {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	return roles
}

func (k *keySet) inForce(now uint64) bool { return !k.ends || now < k.notAfter }

// verify tells why a document is not signed by the set (§19.1), or "".
func (k *keySet) verify(kind string, doc signed) string {
	message := pae(kind, doc.payload)
	signers := map[string]string{}
	for _, signature := range doc.signatures {
		for _, key := range k.keys {
			if !bytes.Equal(key.key, signature[:32]) {
				continue
			}
			if !verifyEd25519(key.key, message, signature[32:]) {
				return "release.signature"
			}
			signers[string(key.key)] = key.role
		}
	}
	count := map[string]uint64{}
	for _, role := range signers {
		count[role]++
	}
	for _, role := range k.roles() {
		if count[role] < k.thresholds[role] {
			return "release.threshold"
		}
	}
	return ""
}

// openDocument reads a payload with `read`, and returns its first fault.
func openDocument(payload []byte, read func(*document, *object)) string {
	root, err := decodeJSON(payload)
	if err != nil {
		return "release.syntax"
	}
	d := &document{syntax: "release.syntax"}
	o := d.object(root)
	read(d, o)
	d.end(o)
	if d.code == "" && d.invalid {
		return "release.invalid"
	}
	return d.code
}
