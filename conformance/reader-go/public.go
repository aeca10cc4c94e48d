package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
)

// publicArea is a TPMT_PUBLIC of an attestation key, Part 2 §12.2.4.
type publicArea struct {
	nameAlg      uint16
	attributes   uint32
	scheme, hash uint16
	rsa          *rsa.PublicKey
	ecc          *ecdsa.PublicKey
	raw          []byte
}

// readPublic decodes by step `ak.public`: first the structure, then the algorithms of §6.
func readPublic(raw []byte) (publicArea, string) {
	r := tpmReader{rest: raw}
	kind := r.u16()
	p := publicArea{raw: raw, nameAlg: r.u16()}
	if r.short {
		return p, "ak.syntax"
	}
	if kind != algRSA && kind != algECC || hashLength(p.nameAlg) == 0 {
		return p, "ak.algorithm"
	}
	p.attributes = r.u32()
	policy := r.sized()
	if len(policy) != 0 && len(policy) != hashLength(p.nameAlg) {
		return p, "ak.syntax"
	}
	symmetric := r.u16()
	p.scheme = r.u16()
	if r.short {
		return p, "ak.syntax"
	}
	signs := p.scheme == algECDSA
	if kind == algRSA {
		signs = p.scheme == algRSASSA || p.scheme == algRSAPSS
	}
	if symmetric != algNull || !signs {
		return p, "ak.algorithm"
	}
	p.hash = r.u16()
	if kind == algRSA {
		return p.readRSA(&r)
	}
	return p.readECC(&r)
}

func (p publicArea) readRSA(r *tpmReader) (publicArea, string) {
	bits, exponent, modulus := int(r.u16()), r.u32(), r.sized()
	if !r.whole() || len(modulus) != (bits+7)/8 {
		return p, "ak.syntax"
	}
	if hashLength(p.hash) == 0 || exponent != 0 {
		return p, "ak.algorithm"
	}
	n := new(big.Int).SetBytes(modulus)
	if bits < 2048 || bits > 4096 || n.BitLen() != bits || n.Bit(0) == 0 || isROCA(n) {
		return p, "ak.modulus"
	}
	p.rsa = &rsa.PublicKey{N: n, E: 65537}
	return p, ""
}

func (p publicArea) readECC(r *tpmReader) (publicArea, string) {
	curveID, kdf := r.u16(), r.u16()
	if r.short {
		return p, "ak.syntax"
	}
	if kdf != algNull {
		return p, "ak.algorithm"
	}
	x, y := r.sized(), r.sized()
	if !r.whole() {
		return p, "ak.syntax"
	}
	var curve elliptic.Curve
	switch curveID {
	case curveP256:
		curve = elliptic.P256()
	case curveP384:
		curve = elliptic.P384()
	default:
		return p, "ak.algorithm"
	}
	if hashLength(p.hash) == 0 {
		return p, "ak.algorithm"
	}
	size := curve.Params().BitSize / 8
	if len(x) != size || len(y) != size {
		return p, "ak.syntax"
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, join([]byte{4}, x, y))
	if err != nil {
		return p, "ak.point"
	}
	p.ecc = key
	return p, ""
}

// isROCA tells whether a modulus is a power of 65537 modulo every prime from 2 to 701 (CVE-2017-15361).
func isROCA(n *big.Int) bool {
	for prime := int64(2); prime <= 701; prime++ {
		if !big.NewInt(prime).ProbablyPrime(0) {
			continue
		}
		rest := new(big.Int).Mod(n, big.NewInt(prime)).Int64()
		found := false
		for power, i := int64(1), int64(0); i < prime && !found; i++ {
			found = power == rest
			power = power * 65537 % prime
		}
		if !found {
			return false
		}
	}
	return true
}

// name is the TPM Name, Part 1 §16.
func (p publicArea) name() []byte {
	return join([]byte{byte(p.nameAlg >> 8), byte(p.nameAlg)}, hashOf(p.nameAlg, p.raw))
}

// qualifiedName is that of a primary of the endorsement hierarchy (§6).
func (p publicArea) qualifiedName() []byte {
	const endorsement = 0x4000000b
	return join(p.name()[:2], hashOf(p.nameAlg, u32be(endorsement), p.name()))
}

// attributesHold tells whether `objectAttributes` is that of §6.
func (p publicArea) attributesHold() bool {
	// userWithAuth, adminWithPolicy, noDA and stClear, Part 2 §8.3.
	const free = 1<<6 | 1<<7 | 1<<10 | 1<<2
	return p.attributes&^free == 0x00050032
}
