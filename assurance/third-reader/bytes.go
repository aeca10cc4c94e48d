package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

func u32be(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func u64be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// lp is LP of PROTOCOL.md: the length in four bytes, big-endian, and the bytes.
func lp(b []byte) []byte { return append(u32be(uint32(len(b))), b...) }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}

func sum256(parts ...[]byte) []byte {
	digest := sha256.Sum256(join(parts...))
	return digest[:]
}

// TPM_ALG_ID of hashes, TPM 2.0 Part 2 §6.3.
const (
	algSHA256 = 0x000b
	algSHA384 = 0x000c
	algSHA512 = 0x000d
)

// hashLength is the digest length of an accepted hash in bytes, or 0.
func hashLength(alg uint16) int {
	switch alg {
	case algSHA256:
		return 32
	case algSHA384:
		return 48
	case algSHA512:
		return 64
	}
	return 0
}

func hashOf(alg uint16, parts ...[]byte) []byte {
	data := join(parts...)
	switch alg {
	case algSHA256:
		return sum256(data)
	case algSHA384:
		digest := sha512.Sum384(data)
		return digest[:]
	}
	digest := sha512.Sum512(data)
	return digest[:]
}

func allEqual(b []byte, value byte) bool {
	for _, one := range b {
		if one != value {
			return false
		}
	}
	return true
}

// lowerHex decodes lower-case hexadecimal of whole bytes.
func lowerHex(s string) ([]byte, bool) {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'F' {
			return nil, false
		}
	}
	out, err := hex.DecodeString(s)
	return out, err == nil
}

func hexText(b []byte) string { return hex.EncodeToString(b) }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// parseDecimal reads decimal digits below 2^bits.
func parseDecimal(s string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, bits)
	return n, err == nil
}
