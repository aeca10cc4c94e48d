import { KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { type Bytes, concat, utf8 } from '../packages/web-sdk/src/bytes.js'
import { ChunkCipher } from '../packages/web-sdk/src/ohttp/chunk-cipher.js'
import { senderOf } from '../packages/web-sdk/src/ohttp/kem.js'
import { RequestKey } from '../packages/web-sdk/src/ohttp/request-key.js'
import type { SealedRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { encodeVarint } from '../packages/web-sdk/src/varint.js'
import { generateKey } from './bare.js'

/* The gateway's side of docs/PROTOCOL.md §10, which the SDK has no use for. */

/** A fresh key of a gateway, X25519, HKDF-SHA256, AES-128-GCM. */
export async function createKey(): Promise<{ key: RequestKey; publicKey: CryptoKey }> {
  const { publicKey } = await generateKey(true)
  const rawKey = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  const chosen = { keyId: 1, kemId: 0x20, kdfId: 1, aeadId: 1, publicKey: rawKey }
  return { key: await RequestKey.import(chosen, [senderOf(KEM_DHKEM_X25519_HKDF_SHA256())]), publicKey }
}

/** An encapsulated response whose chunks are `chunks`, then an empty final one. */
export async function sealResponse(request: SealedRequest['response'], chunks: Iterable<Bytes>): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(16))
  const hkdf = KDF_HKDF_SHA256()
  const secret = await request.exportSecret(utf8('message/bhttp chunked response'), 16)
  const prk = await hkdf.Extract(concat(request.enc, nonce), secret)
  const key = new Uint8Array(await hkdf.Expand(prk, utf8('key'), 16))
  const baseNonce = new Uint8Array(await hkdf.Expand(prk, utf8('nonce'), 12))
  const cipher = await ChunkCipher.import(key, baseNonce, 'encrypt')
  const parts: Bytes[] = [nonce]
  let index = 0
  for (const chunk of chunks) {
    const ciphertext = await cipher.seal(index, chunk, false)
    parts.push(encodeVarint(ciphertext.length), ciphertext)
    index += 1
  }
  parts.push(encodeVarint(0), await cipher.seal(index, new Uint8Array(), true))
  return concat(...parts)
}

/** What the network brings at a time. */
const networkPiece = 65_536

/** `body` in the pieces in which a network brings it. */
export function* arriving(body: Bytes): Generator<Bytes, undefined, void> {
  for (let offset = 0; offset < body.length; offset += networkPiece) yield body.subarray(offset, offset + networkPiece)
}
