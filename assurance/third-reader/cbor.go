package main

import (
	"errors"
	"unicode/utf8"
)

// kind is the major type of a CBOR item (RFC 8949 §3.1); PROTOCOL.md §3 allows these five.
type kind byte

const (
	kindUint  kind = 0
	kindBytes kind = 2
	kindText  kind = 3
	kindArray kind = 4
	kindMap   kind = 5
)

// maxCBORDepth bounds arrays and maps inside one another, the outermost counted (§3).
const maxCBORDepth = 8

var errCBOR = errors.New("not deterministic CBOR")

// item is one CBOR item. A map holds its values in `list` and its keys in `keys`.
type item struct {
	kind  kind
	n     uint64
	bytes []byte
	list  []item
	keys  []uint64
}

// decodeCBOR reads exactly one item of the restricted deterministic CBOR of §3.
func decodeCBOR(input []byte) (item, error) {
	d := cborReader{rest: input}
	it, err := d.item(0)
	if err == nil && len(d.rest) != 0 {
		err = errCBOR
	}
	return it, err
}

type cborReader struct{ rest []byte }

// head reads a major type and its argument in the shortest form.
func (d *cborReader) head() (kind, uint64, error) {
	if len(d.rest) == 0 {
		return 0, 0, errCBOR
	}
	major, info := kind(d.rest[0]>>5), d.rest[0]&31
	d.rest = d.rest[1:]
	if info < 24 {
		return major, uint64(info), nil
	}
	if info > 27 {
		return 0, 0, errCBOR
	}
	width := 1 << (info - 24)
	if len(d.rest) < width {
		return 0, 0, errCBOR
	}
	var n uint64
	for _, b := range d.rest[:width] {
		n = n<<8 | uint64(b)
	}
	d.rest = d.rest[width:]
	least := uint64(24)
	if width > 1 {
		least = 1 << (4 * width)
	}
	if n < least {
		return 0, 0, errCBOR
	}
	return major, n, nil
}

func (d *cborReader) item(depth int) (item, error) {
	major, n, err := d.head()
	if err != nil {
		return item{}, err
	}
	it := item{kind: major, n: n}
	switch major {
	case kindUint:
		return it, nil
	case kindBytes, kindText:
		if n > uint64(len(d.rest)) {
			return item{}, errCBOR
		}
		it.bytes, d.rest = d.rest[:n], d.rest[n:]
		if major == kindText && !utf8.Valid(it.bytes) {
			return item{}, errCBOR
		}
		return it, nil
	case kindArray, kindMap:
		// Every entry takes a byte at least, so that a false count reserves no memory.
		if depth == maxCBORDepth || n > uint64(len(d.rest)) {
			return item{}, errCBOR
		}
		return d.entries(it, depth+1)
	}
	return item{}, errCBOR
}

func (d *cborReader) entries(it item, depth int) (item, error) {
	for i := uint64(0); i < it.n; i++ {
		if it.kind == kindMap {
			major, key, err := d.head()
			if err != nil || major != kindUint || (i > 0 && key <= it.keys[i-1]) {
				return item{}, errCBOR
			}
			it.keys = append(it.keys, key)
		}
		value, err := d.item(depth)
		if err != nil {
			return item{}, err
		}
		it.list = append(it.list, value)
	}
	return it, nil
}

// get returns the value of a key of a map.
func (it item) get(key uint64) (item, bool) {
	for i, k := range it.keys {
		if k == key {
			return it.list[i], true
		}
	}
	return item{}, false
}

// The encoder below writes what §20 and §19.2 define.

func cborHead(major kind, n uint64) []byte {
	first := byte(major) << 5
	switch {
	case n < 24:
		return []byte{first | byte(n)}
	case n < 1<<8:
		return []byte{first | 24, byte(n)}
	case n < 1<<16:
		return []byte{first | 25, byte(n >> 8), byte(n)}
	case n < 1<<32:
		return append([]byte{first | 26}, u32be(uint32(n))...)
	}
	return append([]byte{first | 27}, u64be(n)...)
}

func cborBytes(b []byte) []byte { return append(cborHead(kindBytes, uint64(len(b))), b...) }
func cborText(s string) []byte  { return append(cborHead(kindText, uint64(len(s))), s...) }
func cborUint(n uint64) []byte  { return cborHead(kindUint, n) }

// cborArray joins items that are encoded already.
func cborArray(items ...[]byte) []byte {
	out := cborHead(kindArray, uint64(len(items)))
	for _, one := range items {
		out = append(out, one...)
	}
	return out
}

// cborMap joins encoded values under the keys 0, 1, 2 and so on.
func cborMap(values ...[]byte) []byte {
	out := cborHead(kindMap, uint64(len(values)))
	for i, value := range values {
		out = append(append(out, cborUint(uint64(i))...), value...)
	}
	return out
}
