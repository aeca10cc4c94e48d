import { type Bytes, concat, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { ChunkCipher, lengthsOf } from './chunk-cipher.js'
import { type Chunk, ChunkFraming, truncated } from './chunk-framing.js'
import { expand, extract } from './hkdf.js'
import type { SealedRequest } from './seal-request.js'

/** Chunks under decryption at a time, as far as they have arrived. */
const inFlight = 16

const responseLabel = utf8('message/bhttp chunked response')

/** Gives the next bytes of a body, `undefined` at its end. */
export type ReadBytes = () => Promise<Bytes | undefined>

/** The key schedule of a response, draft-ietf-ohai-chunked-ohttp-08 §6.2. */
async function responseCipher(request: SealedRequest['response'], responseNonce: Bytes): Promise<ChunkCipher> {
  const { Nk, Nn } = lengthsOf(request.aeadId)
  const secret = await request.exportSecret(responseLabel, Math.max(Nn, Nk))
  const prk = await extract(concat(request.enc, responseNonce), secret)
  const [key, nonce] = await Promise.all([expand(prk, utf8('key'), Nk), expand(prk, utf8('nonce'), Nn)])
  return ChunkCipher.import(key, nonce, 'decrypt')
}

/** What became of a chunk: its plaintext, or why there is none. */
type Opened = Bytes | { error: unknown }

/**
 * Opens an encapsulated response while it arrives. Bytes are given out in order, each chunk once its tag has verified; the
 * end is given out only behind a final chunk. After an error nothing more is given out.
 */
export class ResponseOpener {
  readonly #request: SealedRequest['response']
  readonly #read: ReadBytes
  readonly #framing = new ChunkFraming()
  /** What has arrived whole, in order. These promises never reject: a failure is told in its turn. */
  readonly #pending: Promise<Opened>[] = []
  #cipher: ChunkCipher | undefined
  #index = 0
  /** The read under way, if there is one. */
  #receiving: Promise<void> | undefined
  /** Whether somebody waits for a chunk: nobody else makes it read. */
  #wanted = false
  /** What reading failed with: told in its place, behind the chunks that had arrived. */
  #broken: { error: unknown } | undefined
  #ended = false
  /** Whether no chunk can become pending any more. */
  #over = false
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
      this.#wanted = true
      this.#proceed()
      while (!this.#pending[0] && this.#receiving) await this.#receiving
      const opened = await this.#pending[0]
      this.#wanted = false
      this.#pending.shift()
      if (opened && 'error' in opened) throw opened.error
      if (!opened && !this.#framing.done) throw truncated()
      return opened
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

  /** Decrypts what has arrived, and reads on meanwhile as long as somebody waits and there is room for more. */
  #proceed(): void {
    if (this.#cipher) this.#decryptArrived(this.#cipher)
    if (this.#wanted && !this.#ended && !this.#over && this.#pending.length < inFlight) void this.#receive()
  }

  #decryptArrived(cipher: ChunkCipher): void {
    while (!this.#over && this.#pending.length < inFlight)
      try {
        const chunk = this.#framing.next()
        if (chunk) this.#pending.push(open(cipher, this.#index, chunk))
        else if (this.#broken) throw this.#broken.error
        else return
        this.#index += 1
        this.#over = chunk.final
      } catch (error) {
        this.#over = true
        this.#pending.push(Promise.resolve({ error }))
      }
  }

  /** Waits for more bytes; never rejects. */
  #receive(): Promise<void> {
    return (this.#receiving ??= this.#arrive())
  }

  async #arrive(): Promise<void> {
    try {
      const bytes = await this.#read()
      if (bytes) this.#framing.push(bytes)
      else this.#framing.end()
      this.#ended = !bytes
    } catch (error) {
      this.#broken = { error }
      this.#ended = true
    }
    this.#receiving = undefined
    this.#proceed()
  }
}

function open(cipher: ChunkCipher, index: number, { ciphertext, final }: Chunk): Promise<Opened> {
  return cipher.open(index, ciphertext, final).then(
    (plaintext) => new Uint8Array(plaintext),
    (cause: unknown) => ({
      // Where bytes of the final chunk are missing its tag fails: what ends a message is a final chunk that verifies.
      error: final
        ? truncated({ cause })
        : new BlindLlamaError('channel.decrypt', 'A chunk of the encrypted answer does not decrypt', { cause }),
    }),
  )
}
