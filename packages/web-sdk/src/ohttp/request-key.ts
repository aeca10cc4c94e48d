import { type Bytes, concat, u16, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { ChunkCipher } from './chunk-cipher.js'
import type { Encapsulated, Kem } from './kem.js'
import { type KeySchedule, type MessageSecrets, keySchedule } from './key-schedule.js'
import { KDF_SHA256 } from './suite.js'

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

/** A key configuration of RFC 9458 §3.1, with the symmetric suite chosen for it. */
export interface ChosenKey {
  keyId: number
  kemId: number
  kdfId: number
  aeadId: number
  /** Of the length that the KEM has. */
  publicKey: Bytes
}

/** A gateway's key and the suite chosen for it, ready to encapsulate to. */
export class RequestKey {
  readonly #encapsulate: () => Promise<Encapsulated>
  readonly #header: Bytes
  readonly #aeadId: number
  readonly #schedule: KeySchedule

  private constructor(encapsulate: () => Promise<Encapsulated>, header: Bytes, aeadId: number, schedule: KeySchedule) {
    this.#encapsulate = encapsulate
    this.#header = header
    this.#aeadId = aeadId
    this.#schedule = schedule
  }

  /**
   * @param kems of the engine
   * @throws {BlindLlamaError} `channel.suite` where the engine does not have that suite
   */
  static async import(chosen: ChosenKey, kems: readonly Kem[]): Promise<RequestKey> {
    const { keyId, kemId, kdfId, aeadId } = chosen
    const kem = kems.find(({ id }) => id === kemId)
    if (!kem || kdfId !== KDF_SHA256)
      throw new BlindLlamaError('channel.suite', 'The key is not for a suite of this engine')
    const suite = [kemId, kdfId, aeadId] as const
    const header = concat(Uint8Array.of(keyId), ...suite.map(u16))
    // The `info` of RFC 9458 §4.3.
    const schedule = await keySchedule(suite, concat(requestLabel, Uint8Array.of(0), header))
    try {
      return new RequestKey(await kem.encapsulateTo(chosen.publicKey), header, aeadId, schedule)
    } catch (cause) {
      throw unusable(cause)
    }
  }

  /** SetupBaseS of RFC 9180 §5.1.1: a fresh context for one request. */
  async setup(): Promise<SenderContext> {
    const { sharedSecret, enc } = await this.#attempt()
    const { key, baseNonce, exportSecret } = await this.#schedule(sharedSecret)
    return {
      header: concat(this.#header, enc),
      enc: new Uint8Array(enc),
      aeadId: this.#aeadId,
      cipher: await ChunkCipher.import(key, baseNonce, 'encrypt'),
      exportSecret,
    }
  }

  async #attempt(): Promise<Encapsulated> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#encapsulate()
      } catch (cause) {
        if (attempt === setupAttempts || isUnsupported(cause)) throw unusable(cause)
      }
  }
}

/** Engines, and the package `hpke`, say so by this name; a name of an algorithm that is not known may be a `TypeError`. */
function isUnsupported(cause: unknown): boolean {
  return /^(?:NotSupported|Type)Error$/.test(String((cause as Error).name))
}

/** Engines disagree on the error for a point of low order; callers get one. */
function unusable(cause: unknown): BlindLlamaError {
  return isUnsupported(cause)
    ? new BlindLlamaError('client.environment', 'WebCrypto has no X25519', { cause })
    : new BlindLlamaError('channel.key', 'The key of the service cannot be encrypted to', { cause })
}
