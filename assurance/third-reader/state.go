package main

import (
	"bytes"
	"cmp"
	"slices"
)

// Bounds of a state, §20.
const (
	maxState      = 64 << 10
	maxRemembered = 64
)

// state is what a verifier remembers of earlier verdicts (§20).
type state struct {
	keys        []keyState
	withdrawals []withdrawal
}

type keyState struct {
	name             []byte
	resets, restarts uint64
	clock, firmware  uint64
}

// withdrawal is what is known of one key set that a policy names.
type withdrawal struct {
	set         []byte
	floor, date uint64
	current     []byte
}

// readState decodes a state; zero bytes are a first visit.
func readState(raw []byte) (state, bool) {
	var out state
	if len(raw) == 0 {
		return out, true
	}
	it, err := decodeCBOR(raw)
	if err != nil || len(raw) > maxState {
		return out, false
	}
	s := &shape{}
	if s.fields(it, 2, true, 0, 1, 2); s.failed {
		return out, false
	}
	s.uintIn(it.list[0], 1, 1)
	for _, one := range s.listIn(it.list[1], 0, maxRemembered) {
		if s.fields(one, 4, true, 0, 1, 2, 3, 4); s.failed {
			return out, false
		}
		k := keyState{name: s.bytesIn(one.list[0], 34, 66)}
		k.resets, k.restarts = s.uintIn(one.list[1], 0, 1<<32-1), s.uintIn(one.list[2], 0, 1<<32-1)
		k.clock, k.firmware = s.uintIn(one.list[3], 0, 1<<64-1), s.uintIn(one.list[4], 0, 1<<64-1)
		if !slices.Contains([]int{34, 50, 66}, len(k.name)) {
			s.refuse()
		}
		out.keys = append(out.keys, k)
	}
	for i, one := range s.listIn(it.list[2], 0, maxRemembered) {
		if s.fields(one, 3, true, 0, 1, 2, 3); s.failed {
			return out, false
		}
		w := withdrawal{set: s.bytesIn(one.list[0], 32, 32), current: s.bytesIn(one.list[3], 32, 32)}
		w.floor, w.date = s.uintIn(one.list[1], 0, 1<<64-1), s.uintIn(one.list[2], 0, 1<<64-1)
		if i > 0 && bytes.Compare(out.withdrawals[i-1].set, w.set) >= 0 {
			s.refuse()
		}
		out.withdrawals = append(out.withdrawals, w)
	}
	if !distinct(out.keys, func(k keyState) string { return string(k.name) }) {
		s.refuse()
	}
	return out, !s.failed
}

func (s state) encode() []byte {
	var keys, withdrawals [][]byte
	for _, k := range s.keys {
		keys = append(keys, cborMap(cborBytes(k.name), cborUint(k.resets), cborUint(k.restarts), cborUint(k.clock), cborUint(k.firmware)))
	}
	for _, w := range s.withdrawals {
		withdrawals = append(withdrawals, cborMap(cborBytes(w.set), cborUint(w.floor), cborUint(w.date), cborBytes(w.current)))
	}
	return cborMap(cborUint(1), cborArray(keys...), cborArray(withdrawals...))
}

// holds is what the state holds for a set (§20, Withdrawals).
func (s state) holds(set []byte) withdrawal {
	held := withdrawal{set: set, current: set}
	for _, w := range s.withdrawals {
		own := bytes.Equal(w.set, set)
		if own {
			held.current = w.current
		}
		if own || bytes.Equal(w.current, set) {
			held.floor, held.date = max(held.floor, w.floor), max(held.date, w.date)
		}
	}
	return held
}

// learn raises the entry of a set; the 65th set has no room (false).
func (s *state) learn(set []byte, floor, date uint64, current []byte) bool {
	at, found := slices.BinarySearchFunc(s.withdrawals, set, func(w withdrawal, set []byte) int { return bytes.Compare(w.set, set) })
	if !found {
		if len(s.withdrawals) == maxRemembered {
			return false
		}
		// A new entry begins with what is held for the set, which entries of other sets may say.
		s.withdrawals = slices.Insert(s.withdrawals, at, s.holds(set))
	}
	w := &s.withdrawals[at]
	w.floor, w.date = max(w.floor, floor), max(w.date, date)
	if current != nil {
		w.current = current
	}
	return true
}

// wentBack compares a key with what is remembered of it: rule 3 of step `state`.
func (s state) wentBack(now keyState) string {
	for _, was := range s.keys {
		if !bytes.Equal(was.name, now.name) {
			continue
		}
		order := cmp.Or(cmp.Compare(now.resets, was.resets), cmp.Compare(now.restarts, was.restarts))
		switch {
		case order < 0:
			return "state.tpm_cleared"
		case order == 0 && now.clock < was.clock:
			return "state.clock_back"
		case now.firmware < was.firmware:
			return "state.firmware_back"
		}
	}
	return ""
}

// remember puts a key at the end, and forgets the oldest of 65.
func (s *state) remember(now keyState) {
	keepsClock := s.wentBack(now) == "state.clock_back"
	var keys []keyState
	for _, was := range s.keys {
		if !bytes.Equal(was.name, now.name) {
			keys = append(keys, was)
		} else if keepsClock {
			now.clock = was.clock
		}
	}
	keys = append(keys, now)
	s.keys = keys[max(0, len(keys)-maxRemembered):]
}
