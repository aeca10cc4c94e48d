package main

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Bounds of a document in JSON: PROTOCOL.md §7 and §19.1.
const (
	maxJSONDepth   = 8
	maxJSONMembers = 64
	maxJSONInteger = 1<<53 - 1
)

var errJSON = errors.New("not the strict JSON of §7")

// value is one of: nil, bool, uint64, string, []value, *object.
type value any

// object keeps which members were read, so that the others can be refused.
type object struct {
	names  []string
	values map[string]value
	read   map[string]bool
}

// decodeJSON reads one RFC 8259 text without a byte order mark. It refuses repeated members, numbers
// that are written otherwise than as digits, integers of 2^53 and more, and halves of surrogate pairs.
func decodeJSON(text []byte) (value, error) {
	if !utf8.Valid(text) {
		return nil, errJSON
	}
	p := jsonReader{text: string(text)}
	v, err := p.value(0)
	p.space()
	if err == nil && p.at < len(p.text) {
		err = errJSON
	}
	return v, err
}

type jsonReader struct {
	text string
	at   int
}

func (p *jsonReader) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// peek skips white space and returns the next byte, or 0 at the end.
func (p *jsonReader) peek() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *jsonReader) take(word string) bool {
	if !strings.HasPrefix(p.text[p.at:], word) {
		return false
	}
	p.at += len(word)
	return true
}

func (p *jsonReader) value(depth int) (value, error) {
	switch c := p.peek(); {
	case c == '{' && depth < maxJSONDepth:
		return p.object(depth + 1)
	case c == '[' && depth < maxJSONDepth:
		return p.array(depth + 1)
	case c == '"':
		return p.str()
	case c >= '0' && c <= '9':
		return p.number()
	case p.take("true"):
		return true, nil
	case p.take("false"):
		return false, nil
	case p.take("null"):
		return nil, nil
	}
	return nil, errJSON
}

func (p *jsonReader) object(depth int) (value, error) {
	o := &object{values: map[string]value{}, read: map[string]bool{}}
	p.at++
	if p.peek() == '}' {
		p.at++
		return o, nil
	}
	for {
		if p.peek() != '"' {
			return nil, errJSON
		}
		name, err := p.str()
		if err != nil || p.peek() != ':' {
			return nil, errJSON
		}
		p.at++
		v, err := p.value(depth)
		_, twice := o.values[name]
		if err != nil || twice || len(o.names) == maxJSONMembers {
			return nil, errJSON
		}
		o.names, o.values[name] = append(o.names, name), v
		if more, err := p.next('}'); !more {
			return o, err
		}
	}
}

func (p *jsonReader) array(depth int) (value, error) {
	list := []value{}
	p.at++
	if p.peek() == ']' {
		p.at++
		return list, nil
	}
	for {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if more, err := p.next(']'); !more {
			return list, err
		}
	}
}

// next passes a comma (true) or the closing byte (false).
func (p *jsonReader) next(closing byte) (bool, error) {
	c := p.peek()
	p.at++
	switch c {
	case ',':
		return true, nil
	case closing:
		return false, nil
	}
	return false, errJSON
}

func (p *jsonReader) number() (value, error) {
	start, n := p.at, uint64(0)
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		n = n*10 + uint64(p.text[p.at]-'0')
		if p.at++; n > maxJSONInteger {
			return nil, errJSON
		}
	}
	if p.text[start] == '0' && p.at > start+1 {
		return nil, errJSON
	}
	// A fraction or an exponent that follows is neither a comma nor an end, and is refused there.
	return n, nil
}

func (p *jsonReader) str() (string, error) {
	var out strings.Builder
	for p.at++; p.at < len(p.text); {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return out.String(), nil
		case c < 0x20:
			return "", errJSON
		case c != '\\':
			out.WriteByte(c)
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out.WriteRune(r)
		}
	}
	return "", errJSON
}

func (p *jsonReader) escape() (rune, error) {
	if p.at == len(p.text) {
		return 0, errJSON
	}
	c := p.text[p.at]
	p.at++
	if c != 'u' {
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), nil
		}
		return 0, errJSON
	}
	unit, err := p.unit()
	if err != nil || unit >= 0xdc00 && unit <= 0xdfff {
		return 0, errJSON
	}
	if unit < 0xd800 || unit > 0xdbff {
		return unit, nil
	}
	if !p.take(`\u`) {
		return 0, errJSON
	}
	low, err := p.unit()
	if err != nil || low < 0xdc00 || low > 0xdfff {
		return 0, errJSON
	}
	return 0x10000 + (unit-0xd800)<<10 + (low - 0xdc00), nil
}

// unit reads four hexadecimal digits of either case.
func (p *jsonReader) unit() (rune, error) {
	if len(p.text)-p.at < 4 {
		return 0, errJSON
	}
	var n rune
	for _, c := range []byte(strings.ToLower(p.text[p.at : p.at+4])) {
		digit := strings.IndexByte("0123456789abcdef", c)
		if digit < 0 {
			return 0, errJSON
		}
		n = n<<4 | rune(digit)
	}
	p.at += 4
	return n, nil
}
