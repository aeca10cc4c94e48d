import { bigEndian, concat } from './bytes.ts'
import { type Hash, webcrypto } from './crypto.ts'
import type { Curve } from './curve.ts'

type RsaScheme = 'RSASSA-PKCS1-v1_5' | 'RSA-PSS'

const exponent = bigEndian(65537, 3)

/** An RSA key of exponent 65537; `modulus` without leading zeros. */
export async function importRsaPublicKey(name: RsaScheme, hash: Hash, modulus: Uint8Array): Promise<CryptoKey> {
  const jwk = { kty: 'RSA', n: base64url(modulus), e: base64url(exponent), ext: true }
  return webcrypto.subtle.importKey('jwk', jwk, { name, hash }, true, ['verify'])
}

/** A point that is known to lie on the curve. */
export async function importEcPublicKey(curve: Curve, x: Uint8Array, y: Uint8Array): Promise<CryptoKey> {
  const point = concat(Uint8Array.of(4), x, y)
  return webcrypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: curve.name }, true, ['verify'])
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
