/** A short Weierstrass curve y² = x³ - 3x + b over a prime field, NIST SP 800-186 §3.2.1. */
export interface Curve {
  readonly name: 'P-256' | 'P-384'
  /** TPM_ECC_CURVE, TCG Algorithm Registry §6.5. */
  readonly tpmId: number
  /** Bytes of a coordinate and of a scalar. */
  readonly length: number
  readonly p: bigint
  readonly b: bigint
  readonly n: bigint
}

export const curves: readonly Curve[] = [
  {
    name: 'P-256',
    tpmId: 0x0003,
    length: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    name: 'P-384',
    tpmId: 0x0004,
    length: 48,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
]

/** WebCrypto says no more than that an import failed: the point is told apart here, where nothing is secret. */
export function isOnCurve({ p, b }: Curve, x: bigint, y: bigint): boolean {
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}
