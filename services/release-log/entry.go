package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// What a signature has in an entry: public key, then signature (PROTOCOL.md §19.6).
const signatureSize = ed25519.PublicKeySize + ed25519.SignatureSize

// document is what an entry holds: PAE(type, payload), and the signatures over it.
type document struct {
	message, payload []byte
	kind             string
	signatures       [][]byte
}

var kinds = map[string]string{
	"application/vnd.blindllama.release.v1+json":     "release",
	"application/vnd.blindllama.key-set.v1+json":     "key-set",
	"application/vnd.blindllama.status.v1+json":      "status",
	"application/vnd.blindllama.client.v1+json":      "client",
	"application/vnd.blindllama.certificate.v1+json": "certificate",
}

// parseEntry reads an entry; nothing that a verifier accepts has another form.
func parseEntry(entry []byte) (document, error) {
	rest, found := bytes.CutPrefix(entry, []byte("DSSEv1 "))
	if !found {
		return document{}, errors.New("not a signed document")
	}
	kind, rest, err := cutText(rest)
	if err != nil {
		return document{}, err
	}
	rest, found = bytes.CutPrefix(rest, []byte(" "))
	if !found {
		return document{}, errors.New("a type that does not end")
	}
	payload, rest, err := cutText(rest)
	if err != nil {
		return document{}, err
	}
	if len(rest) == 0 || len(rest)%signatureSize != 0 {
		return document{}, errors.New("no whole signatures")
	}
	d := document{message: entry[:len(entry)-len(rest)], payload: payload, kind: kinds[string(kind)]}
	for ; len(rest) > 0; rest = rest[signatureSize:] {
		d.signatures = append(d.signatures, rest[:signatureSize])
	}
	return d, nil
}

// cutText takes a decimal length, a space and so many bytes.
func cutText(text []byte) (content, rest []byte, err error) {
	digits, rest, found := bytes.Cut(text, []byte(" "))
	length, err := strconv.ParseUint(string(digits), 10, 31)
	if !found || err != nil || length > uint64(len(rest)) {
		return nil, nil, errors.New("a length that is none")
	}
	return rest[:length], rest[length:], nil
}

// judge gives an alarm for a document that a key of the owner signed and that he does not know.
func (w *watch) judge(index int64, entry []byte, known map[string]bool) *alarm {
	d, err := parseEntry(entry)
	if err != nil {
		return nil
	}
	digest := sha256.Sum256(d.payload)
	name := hex.EncodeToString(digest[:])
	if known[name] {
		return nil
	}
	var keys []string
	for _, own := range w.own {
		for _, signature := range d.signatures {
			key, signature := signature[:ed25519.PublicKeySize], signature[ed25519.PublicKeySize:]
			if bytes.Equal(key, own) && ed25519.Verify(own, d.message, signature) {
				keys = append(keys, hex.EncodeToString(own))
				break
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return &alarm{Alarm: "entry", Detail: "a document of your keys that is not in " + w.known, Index: &index, Kind: d.kind, SHA256: name, Keys: keys}
}

// readKnown reads one SHA-256 of a document a line; what follows a # is a remark.
func readKnown(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := map[string]bool{}
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		text = strings.ToLower(strings.TrimSpace(text))
		if text == "" {
			continue
		}
		if digest, err := hex.DecodeString(text); err != nil || len(digest) != sha256.Size {
			return nil, fmt.Errorf("%s: line %d: the SHA-256 of a document is expected, 64 digits in hex", path, number)
		}
		known[text] = true
	}
	return known, lines.Err()
}
