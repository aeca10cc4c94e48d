import { concat, toBigInt } from '../bytes.ts'
import { digestLength, type Hash, webcrypto } from '../crypto.ts'
import { demand } from '../refusal.ts'
import { importEcPublicKey, importRsaPublicKey } from '../public-key.ts'
import { algorithm, hashOfAlgorithm } from './algorithm.ts'
import type { AkPublic, PublicKey } from './public.ts'
import { TpmReader } from './reader.ts'

const syntax = 'signature.syntax'

/** Part 2 §11.3.4: the members of TPMU_SIGNATURE that this protocol can meet. */
export type Signature =
  | { readonly kind: 'rsa'; readonly value: Uint8Array }
  | { readonly kind: 'ecdsa'; readonly r: Uint8Array; readonly s: Uint8Array }

/**
 * Decodes a TPMT_SIGNATURE, which must have the one scheme and hash of its key.
 *
 * @throws {Refusal} signature.syntax, signature.scheme, signature.value
 */
export function readSignature(bytes: Uint8Array, ak: AkPublic): Signature {
  const reader = new TpmReader(bytes, syntax)
  const [scheme, hash] = [reader.uint16(), hashOfAlgorithm(reader.uint16())]
  const isKnown = scheme === algorithm.rsassa || scheme === algorithm.rsapss || scheme === algorithm.ecdsa
  demand(isKnown && hash !== undefined, 'signature.scheme', 'a scheme or a hash that no accepted key has')
  const signature: Signature =
    scheme === algorithm.ecdsa
      ? { kind: 'ecdsa', r: reader.sized(128), s: reader.sized(128) }
      : { kind: 'rsa', value: reader.sized(512) }
  reader.end()
  demand(scheme === ak.scheme.id, 'signature.scheme', 'another scheme than that of the key')
  demand(hash === ak.scheme.hash, 'signature.scheme', 'another hash than that of the key')
  checkRange(signature, ak.key)
  return signature
}

function checkRange(signature: Signature, key: PublicKey): void {
  if (signature.kind === 'rsa' && key.kind === 'rsa') {
    const fits = signature.value.length === key.modulus.length && toBigInt(signature.value) < toBigInt(key.modulus)
    demand(fits, 'signature.value', 'not a number below the modulus, as long as it')
  } else if (signature.kind === 'ecdsa' && key.kind === 'ecc') {
    const { length, n } = key.curve
    for (const part of [signature.r, signature.s]) {
      const value = toBigInt(part)
      demand(part.length === length && value > 0n && value < n, 'signature.value', 'r or s out of range')
    }
  }
}

/** Verifies over `message` as received. @throws {Refusal} signature.invalid */
export async function verifySignature(signature: Signature, ak: AkPublic, message: Uint8Array): Promise<void> {
  demand(await verifies(signature, ak, message), 'signature.invalid', 'does not verify')
}

async function verifies(signature: Signature, { key, scheme }: AkPublic, message: Uint8Array): Promise<boolean> {
  const data = concat(message)
  if (key.kind === 'ecc' && signature.kind === 'ecdsa') {
    const imported = await importEcPublicKey(key.curve, key.x, key.y)
    const raw = concat(signature.r, signature.s)
    return webcrypto.subtle.verify({ name: 'ECDSA', hash: scheme.hash }, imported, raw, data)
  }
  if (key.kind === 'ecc' || signature.kind === 'ecdsa') return false
  if (scheme.id === algorithm.rsassa) {
    const imported = await importRsaPublicKey('RSASSA-PKCS1-v1_5', scheme.hash, key.modulus)
    return webcrypto.subtle.verify('RSASSA-PKCS1-v1_5', imported, concat(signature.value), data)
  }
  const imported = await importRsaPublicKey('RSA-PSS', scheme.hash, key.modulus)
  for (const saltLength of saltLengths(key.modulus.length, scheme.hash)) {
    const parameters = { name: 'RSA-PSS', saltLength }
    if (await webcrypto.subtle.verify(parameters, imported, concat(signature.value), data)) return true
  }
  return false
}

/** As long as the digest, or the longest for which there is room: TPM 2.0 Part 1 §B.7. */
function saltLengths(modulusLength: number, hash: Hash): readonly number[] {
  return [digestLength[hash], modulusLength - digestLength[hash] - 2]
}
