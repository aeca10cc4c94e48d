import { KDF_HKDF_SHA256 } from 'hpke'
import { type Bytes, concat, u16, utf8 } from '../packages/web-sdk/src/bytes.js'
import { ChunkCipher } from '../packages/web-sdk/src/ohttp/chunk-cipher.js'
import { parseKeyConfig } from '../packages/web-sdk/src/ohttp/key-config.js'
import { ResponseOpener } from '../packages/web-sdk/src/ohttp/open-response.js'
import { RequestKey } from '../packages/web-sdk/src/ohttp/request-key.js'
import { type SealedRequest, sealRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { encodeVarint } from '../packages/web-sdk/src/varint.js'
import { BareCipher, agree } from './bare.js'
import { type Comparison, compare } from './statistics.js'

/** By what was compared. */
export type ChannelResult = Record<string, Comparison>

const sizes: readonly [name: string, bytes: number, pairs: number, repeat: number][] = [
  ['1 KB', 1024, 60, 20],
  ['1 MB', 1024 * 1024, 40, 2],
]

/** What the network brings at a time. */
const networkPiece = 65_536

/**
 * Seals and opens messages, each against bare WebCrypto over the same chunks under a key that is there already. For 1 KB the
 * agreement on a key is most of the work, so that it stands beside it as a comparison of its own.
 */
export async function benchChannel(): Promise<ChannelResult> {
  const { publicKey } = (await crypto.subtle.generateKey('X25519', true, ['deriveBits'])) as CryptoKeyPair
  const rawKey = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  const config = concat(Uint8Array.of(1), u16(0x20), rawKey, u16(4), u16(1), u16(1))
  const key = await RequestKey.import(parseKeyConfig(config), { kdfId: 1, aeadId: 1 })
  const bare = await BareCipher.create()

  const result: ChannelResult = {}
  for (const [name, length, pairs, repeat] of sizes) {
    const message = new Uint8Array(length).fill(0x61)
    result[`seal ${name}`] = await compare(
      async () => sealRequest(key, [message]),
      async () => bare.seal(message),
      pairs,
      repeat,
    )
    const { response } = await sealRequest(key, [message])
    const sealed = await sealResponse(response, message)
    const chunks = await bare.seal(message)
    result[`open ${name}`] = await compare(
      async () => openAll(response, sealed),
      async () => bare.open(chunks),
      pairs,
      repeat,
    )
  }
  result['set up, against one X25519 agreement'] = await compare(
    async () => key.setup(),
    async () => agree(publicKey),
    60,
    20,
  )
  return result
}

async function openAll(request: SealedRequest['response'], body: Bytes): Promise<number> {
  let offset = 0
  const opener = new ResponseOpener(request, async () => {
    if (offset >= body.length) return undefined
    const piece = body.subarray(offset, offset + networkPiece)
    offset += piece.length
    return piece
  })
  let length = 0
  for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next()) length += plaintext.length
  return length
}

/** The gateway's side of docs/PROTOCOL.md §10, which the SDK has no use for. */
async function sealResponse(request: SealedRequest['response'], message: Bytes): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(16))
  const hkdf = KDF_HKDF_SHA256()
  const secret = await request.exportSecret(utf8('message/bhttp chunked response'), 16)
  const prk = await hkdf.Extract(concat(request.enc, nonce), secret)
  const key = new Uint8Array(await hkdf.Expand(prk, utf8('key'), 16))
  const baseNonce = new Uint8Array(await hkdf.Expand(prk, utf8('nonce'), 12))
  const cipher = await ChunkCipher.import(key, baseNonce, 'encrypt')
  const parts: Bytes[] = [nonce]
  let index = 0
  for (let offset = 0; offset < message.length; offset += 16_384, index += 1) {
    const ciphertext = await cipher.seal(index, message.subarray(offset, offset + 16_384), false)
    parts.push(encodeVarint(ciphertext.length), ciphertext)
  }
  parts.push(encodeVarint(0), await cipher.seal(index, new Uint8Array(), true))
  return concat(...parts)
}
