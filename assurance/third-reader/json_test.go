package main

import (
	"strings"
	"testing"
)

func TestJSONIsStrict(t *testing.T) {
	accepted := []string{
		`{}`, ` [ ] `, `"a"`, `0`, `9007199254740991`, `true`, `null`, "\t{\"a\" : [1 , false]}\r\n",
		`"\u0041\n\/\ud83d\ude00"`, `"\u0000"`, `{"a":{"a":1}}`, strings.Repeat("[", 8) + strings.Repeat("]", 8),
	}
	refused := []string{
		``, ` `, "\ufeff{}", `{}{}`, `{} x`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":1,}`, `[1,]`, `[,]`, `{a:1}`, `{'a':1}`,
		`{"a" 1}`, `{"a":}`, `01`, `-0`, `-1`, `+1`, `1.0`, `1e3`, `1E0`, `.5`, `0x1`, `9007199254740992`, `18446744073709551616`,
		`tru`, `True`, `NaN`, `// a`, `{"a":1/**/}`, `"a`, `"` + "\n" + `"`, `"` + "\x00" + `"`, `"\x41"`, `"\u00g0"`, `"\u004"`, `"\`,
		`"\ud800"`, `"\udc00"`, `"\ud800\u0041"`, `"\ud800\ud800"`, "\"\xff\"", "\"\xed\xa0\x80\"",
		strings.Repeat("[", 9) + strings.Repeat("]", 9), strings.Repeat("[", 100_000),
	}
	for _, text := range accepted {
		if _, err := decodeJSON([]byte(text)); err != nil {
			t.Errorf("%q is refused", text)
		}
	}
	for _, text := range refused {
		if v, err := decodeJSON([]byte(text)); err == nil {
			t.Errorf("%.60q is read as %v", text, v)
		}
	}
}

func TestAnObjectHas64Members(t *testing.T) {
	object := func(members int) string {
		var entries []string
		for i := range members {
			entries = append(entries, `"`+decimal(uint64(i))+`":0`)
		}
		return "{" + strings.Join(entries, ",") + "}"
	}
	if _, err := decodeJSON([]byte(object(64))); err != nil {
		t.Error("64 members are refused")
	}
	if _, err := decodeJSON([]byte(object(65))); err == nil {
		t.Error("65 members are read")
	}
}
