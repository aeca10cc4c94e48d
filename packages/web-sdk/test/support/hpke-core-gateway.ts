import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { type Bytes, concat, u16, utf8 } from '../../src/bytes.js'
import { decodeVarint, encodeVarint, varintLength } from '../../src/varint.js'

/**
 * The gateway's side of draft-ietf-ohai-chunked-ohttp-08 over `@hpke/core` and plain WebCrypto, in the plainest form: whole
 * messages, one chunk after another. Shares the varints with the SDK and nothing else.
 */
export class HpkeCoreGateway {
  readonly #suite: CipherSuite
  readonly #keys: CryptoKeyPair
  readonly #aead: 1 | 2
  readonly config: Bytes

  private constructor(suite: CipherSuite, keys: CryptoKeyPair, aead: 1 | 2, config: Bytes) {
    this.#suite = suite
    this.#keys = keys
    this.#aead = aead
    this.config = config
  }

  /** With a fresh key of X25519, or of X-Wing, which is MLKEM768-X25519 by another name. */
  static async create(
    aead: 1 | 2,
    kem: DhkemX25519HkdfSha256 | XWing = new DhkemX25519HkdfSha256(),
  ): Promise<HpkeCoreGateway> {
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: aead === 1 ? new Aes128Gcm() : new Aes256Gcm() })
    const keys = await kem.generateKeyPair()
    const publicKey = new Uint8Array(await kem.serializePublicKey(keys.publicKey))
    return new HpkeCoreGateway(suite, keys, aead, keyConfig(kem.id, publicKey, aead))
  }

  /** With a published private key, of which the suite takes the bytes as they are. */
  static async withPrivateKey(privateKey: Bytes, aead: 1 | 2): Promise<HpkeCoreGateway> {
    const kem = new DhkemX25519HkdfSha256()
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: aead === 1 ? new Aes128Gcm() : new Aes256Gcm() })
    const secret = await kem.deserializePrivateKey(privateKey.buffer)
    const { x } = await crypto.subtle.exportKey('jwk', secret)
    const publicKey = Uint8Array.from(atob((x ?? '').replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    )
    const keys = { privateKey: secret, publicKey: await kem.deserializePublicKey(publicKey.buffer) }
    return new HpkeCoreGateway(suite, keys, aead, keyConfig(kem.id, publicKey, aead))
  }

  /** Opens a request; the chunks' plaintexts apart, the last one final. */
  async open(body: Bytes): Promise<{ chunks: Bytes[]; respond: Respond }> {
    const header = body.slice(0, 7)
    const chunksAt = 7 + this.#suite.kem.encSize
    const enc = body.slice(7, chunksAt)
    const info = concat(utf8('message/bhttp chunked request'), Uint8Array.of(0), header)
    const context = await this.#suite.createRecipientContext({
      recipientKey: this.#keys,
      enc: enc.buffer,
      info: info.buffer,
    })
    const chunks: Bytes[] = []
    for (const { ciphertext, final } of split(body.slice(chunksAt))) {
      const aad = final ? utf8('final') : new Uint8Array()
      chunks.push(new Uint8Array(await context.open(ciphertext.buffer, aad.buffer)))
    }
    const length = this.#aead === 1 ? 16 : 32
    const secret = new Uint8Array(await context.export(utf8('message/bhttp chunked response').buffer, length))
    return { chunks, respond: (plaintexts, nonce) => sealResponse(secret, enc, plaintexts, nonce) }
  }
}

/** Seals each plaintext in a chunk of its own, the last one final. */
export type Respond = (plaintexts: readonly Bytes[], responseNonce?: Bytes) => Promise<SealedResponse>

export interface SealedResponse {
  nonce: Bytes
  /** Each with its length before it. */
  chunks: Bytes[]
  body: Bytes
}

function keyConfig(kem: number, publicKey: Bytes, aead: number): Bytes {
  return concat(Uint8Array.of(1), u16(kem), publicKey, u16(4), u16(1), u16(aead))
}

export function split(chunks: Bytes): { ciphertext: Bytes; final: boolean }[] {
  const found = []
  for (let offset = 0; ;) {
    const prefix = varintLength(chunks[offset] ?? 0)
    const length = decodeVarint(chunks.slice(offset, offset + prefix))
    offset += prefix
    if (length === 0) return [...found, { ciphertext: chunks.slice(offset), final: true }]
    found.push({ ciphertext: chunks.slice(offset, offset + length), final: false })
    offset += length
  }
}

async function sealResponse(
  secret: Bytes,
  enc: Bytes,
  plaintexts: readonly Bytes[],
  nonce: Bytes = crypto.getRandomValues(new Uint8Array(secret.length)),
): Promise<SealedResponse> {
  const derive = async (info: string, length: number): Promise<Bytes> => {
    // HKDF of RFC 5869 as WebCrypto has it: Extract and Expand in one.
    const input = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
    const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: concat(enc, nonce), info: utf8(info) }
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, input, length * 8))
  }
  const key = await crypto.subtle.importKey('raw', await derive('key', secret.length), 'AES-GCM', false, ['encrypt'])
  const baseNonce = await derive('nonce', 12)
  const chunks: Bytes[] = []
  for (const [index, plaintext] of plaintexts.entries()) {
    const final = index === plaintexts.length - 1
    const iv = baseNonce.map((byte, at) => byte ^ (at < 8 ? 0 : (index >>> (8 * (11 - at))) & 0xff))
    const additionalData = final ? utf8('final') : new Uint8Array()
    const algorithm = { name: 'AES-GCM', iv, additionalData }
    const ciphertext = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext))
    chunks.push(concat(encodeVarint(final ? 0 : ciphertext.length), ciphertext))
  }
  return { nonce, chunks, body: concat(nonce, ...chunks) }
}
