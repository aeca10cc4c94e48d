package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"slices"
)

var cryptoHashes = map[uint16]crypto.Hash{algSHA256: crypto.SHA256, algSHA384: crypto.SHA384, algSHA512: crypto.SHA512}

// verifyQuote is step `signature` of §8, and returns the code of the first check that fails.
func verifyQuote(key publicArea, raw, message []byte) string {
	s, code := readSignature(raw)
	if code != "" {
		return code
	}
	if s.scheme != key.scheme || s.hash != key.hash {
		return "signature.scheme"
	}
	digest := hashOf(s.hash, message)
	if key.ecc != nil {
		return verifyECDSA(key.ecc, s, digest)
	}
	signature := s.numbers[0]
	if len(signature) != key.rsa.Size() || new(big.Int).SetBytes(signature).Cmp(key.rsa.N) >= 0 {
		return "signature.value"
	}
	if !verifyRSA(key, s.hash, digest, signature) {
		return "signature.invalid"
	}
	return ""
}

func verifyECDSA(key *ecdsa.PublicKey, s tpmSignature, digest []byte) string {
	size, order := key.Params().BitSize/8, key.Params().N
	var numbers []*big.Int
	for _, raw := range s.numbers {
		n := new(big.Int).SetBytes(raw)
		if len(raw) != size || n.Sign() == 0 || n.Cmp(order) >= 0 {
			return "signature.value"
		}
		numbers = append(numbers, n)
	}
	if !ecdsa.Verify(key, digest, numbers[0], numbers[1]) {
		return "signature.invalid"
	}
	return ""
}

func verifyRSA(key publicArea, alg uint16, digest, signature []byte) bool {
	hash := cryptoHashes[alg]
	if key.scheme == algRSASSA {
		return rsa.VerifyPKCS1v15(key.rsa, hash, digest, signature) == nil
	}
	// A salt as long as the digest, or the longest for which there is room (§6).
	for _, salt := range []int{len(digest), key.rsa.Size() - len(digest) - 2} {
		if rsa.VerifyPSS(key.rsa, hash, digest, signature, &rsa.PSSOptions{SaltLength: salt}) == nil {
			return true
		}
	}
	return false
}

// verifyEd25519 is RFC 8032 §5.1.7 as PROTOCOL.md uses it: canonical encodings, no point of small
// order, the equation without cofactor. The library compares the encoding of R, which is the last of these.
func verifyEd25519(key, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && isStrongPoint(key) && isStrongPoint(signature[:32]) &&
		ed25519.Verify(key, message, signature)
}

var (
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	one        = big.NewInt(1)
	// d = -121665/121666, RFC 8032 §5.1.
	edwardsD = mod(new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), fieldPrime)))
)

func mod(n *big.Int) *big.Int       { return new(big.Int).Mod(n, fieldPrime) }
func mul(a, b *big.Int) *big.Int    { return mod(new(big.Int).Mul(a, b)) }
func add(a, b *big.Int) *big.Int    { return mod(new(big.Int).Add(a, b)) }
func sub(a, b *big.Int) *big.Int    { return mod(new(big.Int).Sub(a, b)) }
func divide(a, b *big.Int) *big.Int { return mul(a, new(big.Int).ModInverse(b, fieldPrime)) }

// isStrongPoint tells whether 32 bytes are the one encoding of a point of edwards25519 (RFC 8032
// §5.1.3) that is not of small order: eight times such a point is not the neutral element.
func isStrongPoint(encoded []byte) bool {
	if len(encoded) != 32 {
		return false
	}
	reversed := slices.Clone(encoded)
	slices.Reverse(reversed)
	sign := reversed[0] >> 7
	reversed[0] &= 127
	y := new(big.Int).SetBytes(reversed)
	if y.Cmp(fieldPrime) >= 0 {
		return false
	}
	yy := mul(y, y)
	x := new(big.Int).ModSqrt(divide(sub(yy, one), add(mul(edwardsD, yy), one)), fieldPrime)
	if x == nil || x.Sign() == 0 && sign == 1 {
		return false
	}
	// The sign of x does not change whether the order is small.
	for range 3 {
		xx, yy := mul(x, x), mul(y, y)
		product := mul(edwardsD, mul(xx, yy))
		x, y = divide(mul(big.NewInt(2), mul(x, y)), add(one, product)), divide(add(yy, xx), sub(one, product))
	}
	return x.Sign() != 0 || y.Cmp(one) != 0
}
