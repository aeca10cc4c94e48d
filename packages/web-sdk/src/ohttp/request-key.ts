import {
  type AEADFactory,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type KEMFactory,
  type Key,
  NotSupportedError,
} from 'hpke'
import { type Bytes, concat, u16, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { ChunkCipher, aeadLengths } from './chunk-cipher.js'
import type { KeyConfig } from './key-config.js'
import { suites } from './suite.js'

/** WebKitGTK's X25519 key generation fails about once in 400 times; a key that is no point fails every time. */
const setupAttempts = 4

const requestLabel = utf8('message/bhttp chunked request')

/** The key schedule of one request, after its encapsulation: consumed by the message that it seals. */
export interface SenderContext {
  /** `hdr || enc`: what the encapsulated request begins with. */
  header: Bytes
  enc: Bytes
  aeadId: number
  cipher: ChunkCipher
  /** RFC 9180 §5.3. */
  exportSecret: (context: Bytes, length: number) => Promise<Bytes>
}

/**
 * An AEAD that hands out the key and the base nonce of RFC 9180 §5.1 in place of a ciphertext. The contexts of `hpke` hide
 * both and seal strictly one chunk after another; with them, several chunks are sealed at once under a key that was imported
 * once, and the key schedule stays the library's.
 */
function keyAndNonce(aeadId: number): AEADFactory {
  const lengths = aeadLengths[aeadId]
  if (!lengths) throw new BlindLlamaError('channel.suite', 'The engine does not have this AEAD')
  return () => ({ id: aeadId, type: 'AEAD', name: 'key and nonce', ...lengths, Seal: reveal, Open: reveal })
}

async function reveal(key: Uint8Array, nonce: Uint8Array): Promise<Bytes> {
  return concat(key, nonce)
}

/** A gateway's key and the suite chosen for it, ready to encapsulate to. */
export class RequestKey {
  readonly #suite: CipherSuite
  readonly #publicKey: Key
  readonly #header: Bytes
  readonly #aeadId: number

  private constructor(suite: CipherSuite, publicKey: Key, header: Bytes, aeadId: number) {
    this.#suite = suite
    this.#publicKey = publicKey
    this.#header = header
    this.#aeadId = aeadId
  }

  /**
   * @param chosen one of the configuration's symmetric suites
   * @param kem for the tests of the published vectors, which fix the ephemeral key
   * @throws {BlindLlamaError} `channel.suite` where engine or configuration do not have that suite
   */
  static async import(
    config: KeyConfig,
    chosen: { kdfId: number; aeadId: number },
    kem: KEMFactory = KEM_DHKEM_X25519_HKDF_SHA256,
  ): Promise<RequestKey> {
    const { kdfId, aeadId } = chosen
    const offered = config.symmetric.some((pair) => pair.kdfId === kdfId && pair.aeadId === aeadId)
    const known = suites.some((suite) => suite[0] === config.kemId && suite[1] === kdfId && suite[2] === aeadId)
    if (!offered || !known) throw new BlindLlamaError('channel.suite', 'The key is not for a suite of this engine')
    const suite = new CipherSuite(kem, KDF_HKDF_SHA256, keyAndNonce(aeadId))
    const header = concat(Uint8Array.of(config.keyId), u16(config.kemId), u16(kdfId), u16(aeadId))
    try {
      return new RequestKey(suite, await suite.DeserializePublicKey(config.publicKey), header, aeadId)
    } catch (cause) {
      throw unusable(cause)
    }
  }

  /** SetupBaseS of RFC 9180 §5.1.1 with the `info` of RFC 9458 §4.3: a fresh context for one request. */
  async setup(): Promise<SenderContext> {
    const info = concat(requestLabel, Uint8Array.of(0), this.#header)
    const { encapsulatedSecret, ctx } = await this.#encapsulate(info)
    const revealed = new Uint8Array(await ctx.Seal(new Uint8Array()))
    const nonceAt = revealed.length - 12
    return {
      header: concat(this.#header, encapsulatedSecret),
      enc: new Uint8Array(encapsulatedSecret),
      aeadId: this.#aeadId,
      cipher: await ChunkCipher.import(revealed.slice(0, nonceAt), revealed.slice(nonceAt), 'encrypt'),
      exportSecret: async (context, length) => new Uint8Array(await ctx.Export(context, length)),
    }
  }

  async #encapsulate(info: Bytes): ReturnType<CipherSuite['SetupSender']> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#suite.SetupSender(this.#publicKey, { info })
      } catch (cause) {
        if (attempt === setupAttempts || cause instanceof NotSupportedError) throw unusable(cause)
      }
  }
}

/** Engines disagree on the error for a point of low order; callers get one. */
function unusable(cause: unknown): BlindLlamaError {
  return cause instanceof NotSupportedError
    ? new BlindLlamaError('client.environment', 'This runtime has no X25519 in its WebCrypto', { cause })
    : new BlindLlamaError('channel.key', 'The key of the service cannot be encrypted to', { cause })
}
