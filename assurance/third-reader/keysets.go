package main

import "bytes"

// walk follows the successors of a key set (§19.2). It returns the last set taken, and the ids of
// all sets on the way, the first one included.
func walk(first *keySet, documents []signed, log *logDemand) (*keySet, [][]byte, string) {
	current, ids := first, [][]byte{first.id()}
	for _, doc := range documents {
		previous, code := readPrevious(doc.payload)
		if code != "" {
			return nil, nil, code
		}
		names := bytes.Equal(previous, ids[len(ids)-1])
		if !names && len(ids) > 1 {
			return nil, nil, "release.key_set"
		}
		if names {
			if code := current.verify(typeKeySet, doc); code != "" {
				return nil, nil, code
			}
		}
		var next *keySet
		code = openDocument(doc.payload, func(d *document, o *object) {
			d.hex(d.required(o, "previous"), 32)
			next = readKeySet(d, o, true)
		})
		if code != "" {
			return nil, nil, code
		}
		if !names {
			continue
		}
		if code := log.check(typeKeySet, doc); code != "" {
			return nil, nil, code
		}
		current, ids = next, append(ids, next.id())
	}
	return current, ids, ""
}

// readPrevious reads the one member that is read before a signature was verified.
func readPrevious(payload []byte) ([]byte, string) {
	root, err := decodeJSON(payload)
	if err != nil {
		return nil, "release.syntax"
	}
	d := &document{syntax: "release.syntax"}
	previous := d.hex(d.required(d.object(root), "previous"), 32)
	return previous, d.code
}
