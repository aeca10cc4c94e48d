import { KEM_DHKEM_X25519_HKDF_SHA256, type KEM, type Key, NotSupportedError } from 'hpke'
import { type Bytes, concat, u16, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { ChunkCipher } from './chunk-cipher.js'
import type { KeyConfig } from './key-config.js'
import { type KeySchedule, type MessageSecrets, keySchedule } from './key-schedule.js'
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
  exportSecret: MessageSecrets['exportSecret']
}

/** A gateway's key and the suite chosen for it, ready to encapsulate to. */
export class RequestKey {
  readonly #kem: Readonly<KEM>
  readonly #publicKey: Key
  readonly #header: Bytes
  readonly #aeadId: number
  readonly #schedule: KeySchedule

  private constructor(kem: Readonly<KEM>, publicKey: Key, header: Bytes, aeadId: number, schedule: KeySchedule) {
    this.#kem = kem
    this.#publicKey = publicKey
    this.#header = header
    this.#aeadId = aeadId
    this.#schedule = schedule
  }

  /**
   * @param chosen one of the configuration's symmetric suites
   * @param kem for the tests of the published vectors, which fix the ephemeral key
   * @throws {BlindLlamaError} `channel.suite` where engine or configuration do not have that suite
   */
  static async import(
    config: KeyConfig,
    chosen: { kdfId: number; aeadId: number },
    kem: Readonly<KEM> = KEM_DHKEM_X25519_HKDF_SHA256(),
  ): Promise<RequestKey> {
    const { kdfId, aeadId } = chosen
    const offered = config.symmetric.some((pair) => pair.kdfId === kdfId && pair.aeadId === aeadId)
    const suite = suites.find((known) => known[0] === config.kemId && known[1] === kdfId && known[2] === aeadId)
    if (!offered || !suite) throw new BlindLlamaError('channel.suite', 'The key is not for a suite of this engine')
    const header = concat(Uint8Array.of(config.keyId), ...suite.map(u16))
    try {
      const publicKey = await kem.DeserializePublicKey(config.publicKey)
      // The `info` of RFC 9458 §4.3.
      const schedule = await keySchedule(suite, concat(requestLabel, Uint8Array.of(0), header))
      return new RequestKey(kem, publicKey, header, aeadId, schedule)
    } catch (cause) {
      throw unusable(cause)
    }
  }

  /** SetupBaseS of RFC 9180 §5.1.1: a fresh context for one request. */
  async setup(): Promise<SenderContext> {
    const { shared_secret: sharedSecret, enc } = await this.#encapsulate()
    const { key, baseNonce, exportSecret } = await this.#schedule(sharedSecret)
    return {
      header: concat(this.#header, enc),
      enc: new Uint8Array(enc),
      aeadId: this.#aeadId,
      cipher: await ChunkCipher.import(key, baseNonce, 'encrypt'),
      exportSecret,
    }
  }

  async #encapsulate(): ReturnType<KEM['Encap']> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#kem.Encap(this.#publicKey)
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
