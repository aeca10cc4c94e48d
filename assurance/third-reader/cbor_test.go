package main

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestCBORIsDeterministic(t *testing.T) {
	accepted := map[string]string{
		"0":                       "00",
		"the largest number":      "1bffffffffffffffff",
		"least of one byte":       "1818",
		"least of two bytes":      "190100",
		"least of four bytes":     "1a00010000",
		"least of eight bytes":    "1b0000000100000000",
		"no bytes":                "40",
		"a text":                  "62c3a9",
		"an empty list":           "80",
		"keys in order":           "a2000018ff00",
		"eight inside each other": "8181818181818180",
	}
	refused := map[string]string{
		"nothing":                     "",
		"a byte over":                 "0000",
		"23 in a byte of its own":     "1817",
		"255 in two bytes":            "1900ff",
		"65535 in four bytes":         "1a0000ffff",
		"2^32-1 in eight bytes":       "1b00000000ffffffff",
		"a negative number":           "20",
		"a cut number":                "19ff",
		"a cut byte string":           "4201",
		"a length above all memory":   "5bffffffffffffffff",
		"a text of no UTF-8":          "61ff",
		"a text with a surrogate":     "63eda080",
		"indefinite bytes":            "5f4101ff",
		"an indefinite list":          "9fff",
		"an indefinite map":           "bfff",
		"a list of 2^63 items":        "9b8000000000000000",
		"a map without its last item": "a100",
		"keys out of order":           "a201000000",
		"a key twice":                 "a200000000",
		"a text as key":               "a1616100",
		"a longer key":                "a1180000",
		"a tag":                       "c000",
		"true":                        "f5",
		"null":                        "f6",
		"a float":                     "f93c00",
		"a simple value":              "e0",
		"nine inside each other":      "818181818181818180",
	}
	check := func(name, text string, accept bool) {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := decodeCBOR(raw); (err == nil) != accept {
			t.Errorf("%s (%s): %v", name, text, err)
		}
	}
	for name, text := range accepted {
		check(name, text, true)
	}
	for name, text := range refused {
		check(name, text, false)
	}
}

func TestCBORIsWrittenAsItIsRead(t *testing.T) {
	for _, n := range []uint64{0, 23, 24, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, 1<<64 - 1} {
		raw := cborMap(cborUint(n), cborArray(cborBytes([]byte{1}), cborText("é")))
		it, err := decodeCBOR(raw)
		if err != nil || it.list[0].n != n || !bytes.Equal(it.list[1].list[0].bytes, []byte{1}) {
			t.Errorf("%d: %x: %v", n, raw, err)
		}
	}
	long := []byte(strings.Repeat("a", 300))
	if it, err := decodeCBOR(cborBytes(long)); err != nil || !bytes.Equal(it.bytes, long) {
		t.Error("a long byte string is read otherwise than it was written:", err)
	}
}
