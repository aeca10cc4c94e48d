package main

import (
	"cmp"
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

// readPublic is step `ak.public`: members are judged in the order of the structure, each as it is
// read; the type where it selects the parameters, and a byte over at the end.
func readPublic(raw []byte) (publicArea, string) {
	r := tpmReader{rest: raw}
	p := publicArea{raw: raw}
	kind := r.u16()
	p.nameAlg = r.u16()
	code := r.known(hashLength(p.nameAlg) > 0)
	p.attributes = r.u32()
	if policy := r.sized(); len(policy) != 0 && len(policy) != hashLength(p.nameAlg) {
		code = cmp.Or(code, "ak.syntax")
	}
	code = cmp.Or(code, r.known(kind == algRSA || kind == algECC))
	code = cmp.Or(code, r.known(r.u16() == algNull))
	p.scheme = r.u16()
	rsaScheme := p.scheme == algRSASSA || p.scheme == algRSAPSS
	code = cmp.Or(code, r.known(kind == algRSA && rsaScheme || kind == algECC && p.scheme == algECDSA))
	p.hash = r.u16()
	if code = cmp.Or(code, r.known(hashLength(p.hash) > 0)); code != "" {
		return p, code
	}
	if kind == algRSA {
		code = p.readRSA(&r)
	} else {
		code = p.readECC(&r)
	}
	if code == "" && !r.whole() {
		code = "ak.syntax"
	}
	return p, code
}

// known is the code of a member that was just read: missing bytes come before an unknown value.
func (r *tpmReader) known(accepted bool) string {
	switch {
	case r.short:
		return "ak.syntax"
	case !accepted:
		return "ak.algorithm"
	}
	return ""
}

func (p *publicArea) readRSA(r *tpmReader) string {
	bits := int(r.u16())
	if code := r.known(r.u32() == 0); code != "" {
		return code
	}
	modulus := r.sized()
	if r.short || len(modulus) != (bits+7)/8 {
		return "ak.syntax"
	}
	n := new(big.Int).SetBytes(modulus)
	if bits < 2048 || bits > 4096 || n.BitLen() != bits || n.Bit(0) == 0 || isROCA(n) {
		return "ak.modulus"
	}
	p.rsa = &rsa.PublicKey{N: n, E: 65537}
	return ""
}

func (p *publicArea) readECC(r *tpmReader) string {
	curve := map[uint16]elliptic.Curve{curveP256: elliptic.P256(), curveP384: elliptic.P384()}[r.u16()]
	code := r.known(curve != nil)
	if code = cmp.Or(code, r.known(r.u16() == algNull)); code != "" {
		return code
	}
	x, y := r.sized(), r.sized()
	if size := curve.Params().BitSize / 8; r.short || len(x) != size || len(y) != size {
		return "ak.syntax"
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, join([]byte{4}, x, y))
	if err != nil {
		return "ak.point"
	}
	p.ecc = key
	return ""
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
