import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { KEM_X25519_SHA256 } from './suite.js'

/** One key configuration, RFC 9458 §3.1. */
export interface KeyConfig {
  keyId: number
  kemId: number
  publicKey: Bytes
  /** What the key may be used with, in the gateway's order. */
  symmetric: readonly { kdfId: number; aeadId: number }[]
}

/** Npk of RFC 9180 §7.1, by KEM. */
const publicKeyLength: Readonly<Record<number, number>> = { [KEM_X25519_SHA256]: 32 }

/**
 * Reads a key configuration, RFC 9458 §3.1: `id(8) kem(16) publicKey symLength(16) (kdf(16) aead(16))+`.
 *
 * @throws {BlindLlamaError} `channel.suite` for a KEM that the engine does not know, `channel.encoding` for anything malformed.
 */
export function parseKeyConfig(bytes: Bytes): KeyConfig {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 3) throw malformed()
  const kemId = view.getUint16(1)
  const keyLength = publicKeyLength[kemId]
  if (keyLength === undefined) throw new BlindLlamaError('channel.suite', 'The key configuration has an unknown KEM')
  const lengthAt = 3 + keyLength
  if (bytes.length < lengthAt + 2) throw malformed()
  const symmetricLength = view.getUint16(lengthAt)
  if (symmetricLength === 0 || symmetricLength % 4 !== 0 || bytes.length !== lengthAt + 2 + symmetricLength)
    throw malformed()
  const symmetric = []
  for (let offset = lengthAt + 2; offset < bytes.length; offset += 4)
    symmetric.push({ kdfId: view.getUint16(offset), aeadId: view.getUint16(offset + 2) })
  return { keyId: view.getUint8(0), kemId, publicKey: bytes.slice(3, lengthAt), symmetric }
}

function malformed(): BlindLlamaError {
  return new BlindLlamaError('channel.encoding', 'The key configuration is malformed')
}
