package main

import "slices"

// document reads the members of a JSON text and remembers its first fault (§7, "Of several faults").
type document struct {
	// syntax is the code of a text that is not as described: `policy.syntax` or `release.syntax`.
	syntax string
	// code is the first fault of syntax or support, or empty.
	code string
	// invalid tells that something well-formed means nothing safe.
	invalid bool
}

func (d *document) fail(code string) {
	if d.code == "" {
		d.code = code
	}
}

// demand marks the document as invalid where a rule about its meaning does not hold.
func (d *document) demand(holds bool) { d.invalid = d.invalid || !holds }

func (d *document) object(v value) *object {
	if o, is := v.(*object); is {
		return o
	}
	d.fail(d.syntax)
	return &object{values: map[string]value{}, read: map[string]bool{}}
}

// optional returns a member and whether it is there; `required` fails without it.
func (d *document) optional(o *object, name string) (value, bool) {
	o.read[name] = true
	v, has := o.values[name]
	return v, has
}

func (d *document) required(o *object, name string) value {
	v, has := d.optional(o, name)
	if !has {
		d.fail(d.syntax)
	}
	return v
}

// end refuses the members that nothing read.
func (d *document) end(o *object) {
	for _, name := range o.names {
		if !o.read[name] {
			d.fail(d.syntax)
		}
	}
}

// text reads 1 to 255 bytes.
func (d *document) text(v value) string {
	s, is := v.(string)
	if !is || s == "" || len(s) > 255 {
		d.fail(d.syntax)
	}
	return s
}

func (d *document) oneOf(v value, words ...string) string {
	s, is := v.(string)
	if !is || !slices.Contains(words, s) {
		d.fail(d.syntax)
	}
	return s
}

// hex reads lower-case hexadecimal of one of these lengths in bytes.
func (d *document) hex(v value, lengths ...int) []byte {
	s, is := v.(string)
	b, whole := lowerHex(s)
	if !is || !whole || len(lengths) > 0 && !slices.Contains(lengths, len(b)) {
		d.fail(d.syntax)
		return nil
	}
	return b
}

func (d *document) integer(v value, least, most uint64) uint64 {
	n, is := v.(uint64)
	if !is || n < least || n > most {
		d.fail(d.syntax)
	}
	return n
}

func (d *document) boolean(o *object, name string) bool {
	v, has := d.optional(o, name)
	b, is := v.(bool)
	if has && !is {
		d.fail(d.syntax)
	}
	return b
}

func (d *document) list(v value, most int) []value {
	list, is := v.([]value)
	if !is || len(list) == 0 || len(list) > most {
		d.fail(d.syntax)
		return nil
	}
	return list
}

// words reads a list of these words; without the member it is the default.
func (d *document) words(o *object, name string, known, otherwise []string) []string {
	v, has := d.optional(o, name)
	if !has {
		return otherwise
	}
	var out []string
	for _, one := range d.list(v, len(known)) {
		out = append(out, d.oneOf(one, known...))
	}
	return out
}

// digests reads a list of hexadecimal texts of one length.
func (d *document) digests(v value, most, length int) [][]byte {
	var out [][]byte
	for _, one := range d.list(v, most) {
		out = append(out, d.hex(one, length))
	}
	return out
}

// index reads a PCR index as it is written in the name of a member.
func (d *document) index(name string) int {
	for i := range 24 {
		if name == decimal(uint64(i)) {
			return i
		}
	}
	d.fail(d.syntax)
	return 0
}

// values reads at least so many measurements by PCR; all 00 and all ff mean nothing safe.
func (d *document) values(v value, length, least int) map[int][]byte {
	o, out := d.object(v), map[int][]byte{}
	if len(o.names) < least {
		d.fail(d.syntax)
	}
	for _, name := range o.names {
		digest := d.hex(o.values[name], length)
		d.demand(!allEqual(digest, 0) && !allEqual(digest, 0xff))
		out[d.index(name)] = digest
	}
	return out
}

func distinct[T any](list []T, key func(T) string) bool {
	seen := map[string]bool{}
	for _, one := range list {
		if seen[key(one)] {
			return false
		}
		seen[key(one)] = true
	}
	return true
}
