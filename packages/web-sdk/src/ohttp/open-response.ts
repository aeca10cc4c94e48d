import { KDF_HKDF_SHA256 } from 'hpke'
import { type Bytes, concat, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { ChunkCipher, aeadLengths } from './chunk-cipher.js'
import { type Chunk, ChunkFraming, truncated } from './chunk-framing.js'
import type { SealedRequest } from './seal-request.js'

/** Chunks under decryption at a time, as far as they have arrived. */
const inFlight = 16

const responseLabel = utf8('message/bhttp chunked response')

/** Gives the next bytes of a body, `undefined` at its end. */
export type ReadBytes = () => Promise<Bytes | undefined>

/** The key schedule of a response, draft-ietf-ohai-chunked-ohttp-08 §6.2. */
async function responseCipher(request: SealedRequest['response'], responseNonce: Bytes): Promise<ChunkCipher> {
  const { Nk, Nn } = lengthsOf(request.aeadId)
  const hkdf = KDF_HKDF_SHA256()
  const secret = await request.exportSecret(responseLabel, Math.max(Nn, Nk))
  const prk = await hkdf.Extract(concat(request.enc, responseNonce), secret)
  const [key, nonce] = await Promise.all([hkdf.Expand(prk, utf8('key'), Nk), hkdf.Expand(prk, utf8('nonce'), Nn)])
  return ChunkCipher.import(new Uint8Array(key), new Uint8Array(nonce), 'decrypt')
}

function lengthsOf(aeadId: number): { Nk: number; Nn: number } {
  const lengths = aeadLengths[aeadId]
  if (!lengths) throw new BlindLlamaError('channel.suite', 'The engine does not have this AEAD')
  return lengths
}

/**
 * Opens an encapsulated response while it arrives. Bytes are given out in order, each chunk once its tag has verified; the
 * end is given out only behind a final chunk. After an error nothing more is given out.
 */
export class ResponseOpener {
  readonly #request: SealedRequest['response']
  readonly #read: ReadBytes
  readonly #framing = new ChunkFraming()
  readonly #pending: Promise<Bytes>[] = []
  #cipher: ChunkCipher | undefined
  #index = 0
  /** The read under way, if there is one. */
  #receiving: Promise<void> | undefined
  #ended = false
  /** What reading failed with: told in its place, behind the chunks that had arrived. */
  #broken: { error: unknown } | undefined
  #malformed = false
  #failure: { error: unknown } | undefined

  constructor(request: SealedRequest['response'], read: ReadBytes) {
    this.#request = request
    this.#read = read
  }

  /**
   * The plaintext of the next chunk; `undefined` once the message has ended with its final chunk.
   *
   * @throws {BlindLlamaError} `channel.truncated`, `channel.chunk_size`, `channel.decrypt`; what `read` throws
   */
  async next(): Promise<Bytes | undefined> {
    if (this.#failure) throw this.#failure.error
    try {
      this.#cipher ??= await this.#start()
      return await this.#nextChunk(this.#cipher)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async #start(): Promise<ChunkCipher> {
    const { Nk, Nn } = lengthsOf(this.#request.aeadId)
    for (;;) {
      const responseNonce = this.#framing.prefix(Math.max(Nn, Nk))
      if (responseNonce) return responseCipher(this.#request, responseNonce)
      if (this.#broken) throw this.#broken.error
      await this.#receive()
    }
  }

  /** Goes on reading while chunks are under decryption, as long as there is room for more. */
  async #nextChunk(cipher: ChunkCipher): Promise<Bytes | undefined> {
    for (;;) {
      this.#decryptArrived(cipher)
      const oldest = this.#pending[0]
      if (!oldest && this.#framing.done) return undefined
      const over = this.#ended || this.#malformed || this.#pending.length === inFlight
      const opened = await (over ? oldest : Promise.race([oldest ?? this.#receive(), this.#receive()]))
      if (!opened) continue
      this.#pending.shift()
      return opened
    }
  }

  /**
   * Starts to decrypt what has arrived whole. Where a chunk behind is malformed, those before it are still given out: the
   * error comes in its place.
   */
  #decryptArrived(cipher: ChunkCipher): void {
    while (this.#pending.length < inFlight) {
      const chunk = this.#nextArrived()
      if (!chunk) return
      const plaintext = 'error' in chunk ? Promise.reject(chunk.error) : open(cipher, this.#index, chunk)
      // Handled where it is awaited, in its turn; until then the platform must not call it unhandled.
      plaintext.catch(() => {})
      this.#pending.push(plaintext)
      this.#index += 1
    }
  }

  #nextArrived(): Chunk | { error: unknown } | undefined {
    if (this.#malformed) return undefined
    try {
      const chunk = this.#framing.next()
      if (!chunk && this.#broken) throw this.#broken.error
      return chunk
    } catch (error) {
      this.#malformed = true
      return { error }
    }
  }

  /** Waits for more bytes; never rejects. */
  #receive(): Promise<void> {
    return (this.#receiving ??= this.#arrive().finally(() => (this.#receiving = undefined)))
  }

  async #arrive(): Promise<void> {
    try {
      const bytes = await this.#read()
      if (bytes) return this.#framing.push(bytes)
      this.#framing.end()
    } catch (error) {
      this.#broken = { error }
    }
    this.#ended = true
  }
}

async function open(cipher: ChunkCipher, index: number, { ciphertext, final }: Chunk): Promise<Bytes> {
  try {
    return await cipher.open(index, ciphertext, final)
  } catch (cause) {
    // Where bytes of the final chunk are missing its tag fails: what ends a message is a final chunk that verifies.
    if (final) throw truncated({ cause })
    throw new BlindLlamaError('channel.decrypt', 'A chunk of the encrypted answer does not decrypt', { cause })
  }
}
