import { type Bytes, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { AEAD_AES_128_GCM, AEAD_AES_256_GCM } from './suite.js'

/** Key and nonce lengths of RFC 9180 §7.3, by AEAD. */
export const aeadLengths: Readonly<Record<number, { Nk: number; Nn: number }>> = {
  [AEAD_AES_128_GCM]: { Nk: 16, Nn: 12 },
  [AEAD_AES_256_GCM]: { Nk: 32, Nn: 12 },
}

/** @throws {BlindLlamaError} `channel.suite` where the engine does not have the AEAD */
export function lengthsOf(aeadId: number): { Nk: number; Nn: number } {
  const lengths = aeadLengths[aeadId]
  if (!lengths) throw new BlindLlamaError('channel.suite', 'The engine does not have this AEAD')
  return lengths
}

/** The length of the tag, which every AEAD of RFC 9180 §7.3 has. */
export const tagLength = 16
/** Of one chunk (PROTOCOL.md §10). */
export const maxChunkPlaintext = 16384

const finalAad = utf8('final')

/**
 * The AEAD of one direction of one message. Chunk `i` is sealed under the base nonce xor `i`, for requests by RFC 9180 §5.2 and
 * for responses by draft-ietf-ohai-chunked-ohttp-08 §6.2; the final chunk has the AAD "final" in both.
 *
 * The key is imported once and cannot be read back; chunks may be sealed or opened several at a time.
 */
export class ChunkCipher {
  readonly #key: CryptoKey
  readonly #baseNonce: Bytes

  private constructor(key: CryptoKey, baseNonce: Bytes) {
    this.#key = key
    this.#baseNonce = baseNonce
  }

  static async import(key: Bytes, baseNonce: Bytes, usage: 'encrypt' | 'decrypt'): Promise<ChunkCipher> {
    return new ChunkCipher(await crypto.subtle.importKey('raw', key, 'AES-GCM', false, [usage]), baseNonce)
  }

  async seal(index: number, plaintext: Bytes, final: boolean): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt(this.#parameters(index, final), this.#key, plaintext))
  }

  /** Rejects where the tag does not verify. */
  open(index: number, ciphertext: Bytes, final: boolean): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt(this.#parameters(index, final), this.#key, ciphertext)
  }

  #parameters(index: number, final: boolean): AesGcmParams {
    // 2^32 chunks are 64 TiB: a counter in the last four bytes of the nonce never wraps.
    if (index > 0xffffffff) throw new RangeError('too many chunks')
    const iv = this.#baseNonce.slice()
    const counter = new DataView(iv.buffer, iv.length - 4)
    counter.setUint32(0, (counter.getUint32(0) ^ index) >>> 0)
    // Left out where they have their default, no AAD and 16 bytes of tag: engines spend microseconds on each member.
    return final ? { name: 'AES-GCM', iv, additionalData: finalAad } : { name: 'AES-GCM', iv }
  }
}
