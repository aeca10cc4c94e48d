import type { Bytes } from '../../src/bytes.js'
import { KEM_MLKEM768_X25519, KEM_X25519_SHA256 } from '../../src/ohttp/suite.js'

/** One key configuration, RFC 9458 §3.1. */
export interface KeyConfig {
  keyId: number
  kemId: number
  publicKey: Bytes
  /** What the key may be used with, in the gateway's order. */
  symmetric: readonly { kdfId: number; aeadId: number }[]
}

/** Npk of RFC 9180 §7.1, by KEM. */
const publicKeyLength = new Map([
  [KEM_X25519_SHA256, 32],
  [KEM_MLKEM768_X25519, 1216],
])

/** Reads a key configuration that a peer made: `id(8) kem(16) publicKey symLength(16) (kdf(16) aead(16))+`. */
export function parseKeyConfig(bytes: Bytes): KeyConfig {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const kemId = view.getUint16(1)
  const lengthAt = 3 + (publicKeyLength.get(kemId) ?? Number.NaN)
  const symmetricLength = view.getUint16(lengthAt)
  if (bytes.length !== lengthAt + 2 + symmetricLength) throw new Error('not one key configuration')
  const symmetric = []
  for (let offset = lengthAt + 2; offset < bytes.length; offset += 4)
    symmetric.push({ kdfId: view.getUint16(offset), aeadId: view.getUint16(offset + 2) })
  return { keyId: view.getUint8(0), kemId, publicKey: bytes.slice(3, lengthAt), symmetric }
}
