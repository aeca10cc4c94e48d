package main

import "encoding/binary"

// Numbers of TPM 2.0 Part 2: §6.3 (algorithms), §6.4 (curves), §6.9 (structure tags).
const (
	algRSA     = 0x0001
	algNull    = 0x0010
	algRSASSA  = 0x0014
	algRSAPSS  = 0x0016
	algECDSA   = 0x0018
	algECC     = 0x0023
	curveP256  = 0x0003
	curveP384  = 0x0004
	tagQuote   = 0x8018
	magicQuote = 0xff544347
)

// tpmReader reads big-endian TPM structures. `short` tells that bytes were missing.
type tpmReader struct {
	rest  []byte
	short bool
}

func (r *tpmReader) take(n int) []byte {
	if n > len(r.rest) {
		r.short, r.rest = true, nil
		return make([]byte, min(n, 8))
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *tpmReader) u8() byte    { return r.take(1)[0] }
func (r *tpmReader) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *tpmReader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *tpmReader) u64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

// sized reads a TPM2B: two bytes of length and the bytes.
func (r *tpmReader) sized() []byte { return r.take(int(r.u16())) }

// whole tells that nothing was missing and no byte is over.
func (r *tpmReader) whole() bool { return !r.short && len(r.rest) == 0 }

// selection is a TPMS_PCR_SELECTION, Part 2 §10.6.2.
type selection struct {
	bank uint16
	bits []byte
}

// attest is a TPMS_ATTEST of a quote, Part 2 §10.12.12.
type attest struct {
	signer, extraData []byte
	clock             uint64
	resets, restarts  uint32
	safe              byte
	firmware          uint64
	selections        []selection
	digest            []byte
}

// readAttest decodes by step `attest` of §8.
func readAttest(raw []byte) (attest, string) {
	r := tpmReader{rest: raw}
	if magic := r.u32(); !r.short && magic != magicQuote {
		return attest{}, "attest.magic"
	}
	if tag := r.u16(); !r.short && tag != tagQuote {
		return attest{}, "attest.type"
	}
	a := attest{signer: r.sized(), extraData: r.sized()}
	a.clock, a.resets, a.restarts, a.safe, a.firmware = r.u64(), r.u32(), r.u32(), r.u8(), r.u64()
	count := r.u32()
	if count > 16 || a.safe > 1 {
		return attest{}, "attest.syntax"
	}
	for range count {
		bank := r.u16()
		a.selections = append(a.selections, selection{bank, r.take(int(r.u8()))})
	}
	a.digest = r.sized()
	if !r.whole() {
		return attest{}, "attest.syntax"
	}
	return a, ""
}

// tpmSignature is a TPMT_SIGNATURE, Part 2 §11.3.4: RSA has one number, ECDSA has r and s.
type tpmSignature struct {
	scheme, hash uint16
	numbers      [][]byte
}

// readSignature decodes. A scheme or hash that no key of §6 has ends it: what follows has no known form.
func readSignature(raw []byte) (tpmSignature, string) {
	r := tpmReader{rest: raw}
	s := tpmSignature{scheme: r.u16(), hash: r.u16()}
	count, known := map[uint16]int{algRSASSA: 1, algRSAPSS: 1, algECDSA: 2}[s.scheme]
	if !r.short && (!known || hashLength(s.hash) == 0) {
		return s, "signature.scheme"
	}
	for range count {
		s.numbers = append(s.numbers, r.sized())
	}
	if !r.whole() {
		return s, "signature.syntax"
	}
	return s, ""
}
