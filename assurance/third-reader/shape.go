package main

// shape reads items by the CDDL of PROTOCOL.md. The first departure is remembered; what is read
// after it has no meaning, and `failed` tells it.
type shape struct {
	failed bool
	// tooLarge tells that a limit of §3 was exceeded (`bundle.size`).
	tooLarge bool
}

func (s *shape) refuse() { s.failed = true }

// fields reads a map with the known keys 0 to last. Keys of 64 and above are extensions.
func (s *shape) fields(it item, last uint64, extensible bool, required ...uint64) {
	if it.kind != kindMap {
		s.refuse()
		return
	}
	for _, key := range it.keys {
		if key > last && (key < 64 || !extensible) {
			s.refuse()
		}
	}
	for _, key := range required {
		if _, has := it.get(key); !has {
			s.refuse()
		}
	}
}

// uintIn reads an unsigned integer of a range, both ends included.
func (s *shape) uintIn(it item, least, most uint64) uint64 {
	if it.kind != kindUint || it.n < least || it.n > most {
		s.refuse()
	}
	return it.n
}

// bytesIn reads a byte string whose length is in a range, both ends included.
func (s *shape) bytesIn(it item, least, most int) []byte {
	if it.kind != kindBytes || len(it.bytes) < least || len(it.bytes) > most {
		s.refuse()
		return nil
	}
	return it.bytes
}

// limited reads a byte string; a longer one than `most` is `bundle.size`.
func (s *shape) limited(it item, most int) []byte {
	if it.kind != kindBytes {
		s.refuse()
		return nil
	}
	if len(it.bytes) > most {
		s.tooLarge = true
	}
	return it.bytes
}

// listIn reads an array whose number of entries is in a range.
func (s *shape) listIn(it item, least, most int) []item {
	if it.kind != kindArray || len(it.list) < least || len(it.list) > most {
		s.refuse()
		return nil
	}
	return it.list
}
