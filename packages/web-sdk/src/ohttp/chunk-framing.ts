import { ByteQueue } from '../byte-queue.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { decodeVarint, varintLength } from '../varint.js'
import { maxChunkPlaintext, tagLength } from './chunk-cipher.js'

const maxChunk = maxChunkPlaintext + tagLength

/**
 * Chunks that the network cut are put together here, all of them: fresh memory for each costs browsers more than to decrypt it.
 * WebCrypto copies what it is given before `decrypt` returns (Web Cryptography API §14.3.2, step 2).
 */
const together = new Uint8Array(maxChunk)

export interface Chunk {
  /** To be used at once: the next chunk may overwrite it. */
  ciphertext: Bytes
  final: boolean
}

/**
 * Splits the body of a chunked message into its chunks while it arrives (draft-ietf-ohai-chunked-ohttp-08 §3.2): a chunk is
 * `varint(length) ciphertext`, the last one `varint(0) ciphertext` up to the end of the body. A length that the protocol
 * forbids is refused before anything of that chunk is kept.
 */
export class ChunkFraming {
  readonly #queue = new ByteQueue()
  /** Of the chunk that is being read; 0 for the final one. */
  #length: number | undefined
  #ended = false
  #done = false

  push(bytes: Bytes): void {
    this.#queue.push(bytes)
  }

  /** The body ended. */
  end(): void {
    this.#ended = true
  }

  /** Whether the final chunk was given out. */
  get done(): boolean {
    return this.#done
  }

  /**
   * The fixed-length bytes before the first chunk, once they have arrived.
   *
   * @throws {BlindLlamaError} `channel.truncated` where the body ended before
   */
  prefix(length: number): Bytes | undefined {
    if (this.#queue.length >= length) return this.#queue.take(length)
    if (this.#ended) throw truncated()
    return undefined
  }

  /**
   * The next chunk, once it has arrived whole.
   *
   * @throws {BlindLlamaError} `channel.chunk_size`; `channel.truncated` where the body ended without a final chunk
   */
  next(): Chunk | undefined {
    if (this.#done) return undefined
    this.#length ??= this.#readLength()
    if (this.#length === 0) return this.#final()
    if (this.#length !== undefined && this.#queue.length >= this.#length) {
      const ciphertext = this.#queue.take(this.#length, together)
      this.#length = undefined
      return { ciphertext, final: false }
    }
    if (this.#ended) throw truncated()
    return undefined
  }

  #readLength(): number | undefined {
    const first = this.#queue.peek()
    if (first === undefined || this.#queue.length < varintLength(first)) return undefined
    const length = decodeVarint(this.#queue.take(varintLength(first)))
    // A chunk of a tag alone has no plaintext: only the final one may be empty.
    if (length > maxChunk || (length > 0 && length <= tagLength)) throw forbiddenLength()
    return length
  }

  #final(): Chunk | undefined {
    if (this.#queue.length > maxChunk) throw forbiddenLength()
    if (!this.#ended) return undefined
    if (this.#queue.length < tagLength) throw truncated()
    this.#done = true
    return { ciphertext: this.#queue.take(this.#queue.length, together), final: true }
  }
}

export function truncated(options?: { cause: unknown }): BlindLlamaError {
  return new BlindLlamaError('channel.truncated', 'The encrypted answer ended before its final chunk', options)
}

function forbiddenLength(): BlindLlamaError {
  return new BlindLlamaError('channel.chunk_size', 'A chunk of the encrypted answer has a forbidden length')
}
