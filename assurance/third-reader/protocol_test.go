package main

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// unspaced decodes hexadecimal of a test.
func unspaced(t *testing.T, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func counting(from, count byte) []byte {
	var out []byte
	for i := range count {
		out = append(out, from+i)
	}
	return out
}

// The worked examples of PROTOCOL.md.
func TestTheWorkedExamplesHold(t *testing.T) {
	same := func(name string, got []byte, want string) {
		if !bytes.Equal(got, unspaced(t, want)) {
			t.Errorf("%s is %x", name, got)
		}
	}
	b := bundle{index: 1, siblings: [][]byte{counting(0x20, 32)}}
	root, _ := b.root(counting(0, 32))
	same("root of §5", root, "676daa5ae8e21fed44af1e7b94fd1beb69932fe16823acbf97c51d95e70cce4f")
	covered := sum256(lp([]byte("blindllama/tpm-quote/v1")), lp(root), lp(sum256([]byte{0xa0})))
	same("extraData of §5", covered, "0a2658e3ea025ce144375b376d4036980dba5348a093dad935f77c55b4f65ec2")
	member := counting(0, 32)
	same("config of §7.2", derived(algSHA256, "blindllama/config/v1", member),
		"fdb6fe7fde2629a86162d114cb5028f1ae0219d4f2a358687525eea6c30e97fd")
	same("config of §7.2 in SHA-384", derived(algSHA384, "blindllama/config/v1", member),
		"8874a183547f0fac79a8618cef08daedc817a8c89c8a8d4d1bd215a89b3d8967593d04648d0a1c740b0bfc5620f556f5")
	same("instance of §7.2", derived(algSHA256, "blindllama/instance/v1", member),
		"a36c7f38e6c510dd6cfa2677e5028435e352c30b02876c215c69472b36102d14")
	keys := &keySet{
		keys: []roleKey{
			{unspaced(t, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), "developer"},
			{unspaced(t, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), "auditor"},
		},
		thresholds: map[string]uint64{"developer": 1, "auditor": 1},
	}
	same("key-set-id of §19.2", keys.id(), "6c59548a2cb9182e4ca7185c6faa1894ac9b4edea47f06895831f6afe1f49699")
	keys.notAfter, keys.ends = 1820000000000, true
	same("key-set-id with an end", keys.id(), "11097760ef8a4a45b90b492cfc70c7bf4ed91560c13fee40185cc96adf6888a5")
}

func TestPointsOfSmallOrderAreRefused(t *testing.T) {
	refused := map[string]string{
		"the neutral element":          "0100000000000000000000000000000000000000000000000000000000000000",
		"the neutral element, signed":  "0100000000000000000000000000000000000000000000000000000000000080",
		"order 2":                      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order 4":                      "0000000000000000000000000000000000000000000000000000000000000000",
		"order 8":                      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"order 8, the other":           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"the field's prime":            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"a number that is no y at all": "0200000000000000000000000000000000000000000000000000000000000000",
	}
	for name, text := range refused {
		if isStrongPoint(unspaced(t, text)) {
			t.Errorf("%s is accepted", name)
		}
	}
	// RFC 8032 §7.1, TEST 1.
	if !isStrongPoint(unspaced(t, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) {
		t.Error("a public key of RFC 8032 is refused")
	}
}
