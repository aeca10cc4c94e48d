import { ByteQueue } from '../byte-queue.js'
import type { Bytes } from '../bytes.js'
import { encodeVarint } from '../varint.js'
import { type ChunkCipher, maxChunkPlaintext, tagLength } from './chunk-cipher.js'
import type { RequestKey, SenderContext } from './request-key.js'

/** Chunks under encryption at a time: enough to keep WebCrypto's threads busy. */
const inFlight = 16
/** How much of a Blob is read at a time. */
const blobWindow = 1024 * 1024

/** A piece of a message: bytes, or a Blob that is read piece by piece. */
export type Piece = Bytes | Blob

/** An encapsulated request, and what its response is opened with. */
export interface SealedRequest {
  body: Bytes
  response: Pick<SenderContext, 'enc' | 'aeadId' | 'exportSecret'>
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.size
}

/** `piece` in parts that are read into memory at once. */
function* windowsOf(piece: Piece): Generator<Piece, void, void> {
  if (piece instanceof Uint8Array) yield piece
  else for (let offset = 0; offset < piece.size; offset += blobWindow) yield piece.slice(offset, offset + blobWindow)
}

async function read(piece: Piece): Promise<Bytes> {
  return piece instanceof Uint8Array ? piece : new Uint8Array(await piece.arrayBuffer())
}

const fullChunkPrefix = encodeVarint(maxChunkPlaintext + tagLength)
const finalChunkPrefix = encodeVarint(0)

function sealedLength(plaintextLength: number): number {
  const fullChunks = Math.max(0, Math.ceil(plaintextLength / maxChunkPlaintext) - 1)
  return fullChunks * (fullChunkPrefix.length + tagLength) + finalChunkPrefix.length + plaintextLength + tagLength
}

/** The body of an encapsulated request while it is filled: chunks are encrypted several at a time, each to its place. */
class SealedBody {
  readonly #bytes: Bytes
  readonly #cipher: ChunkCipher
  readonly #pending: Promise<void>[] = []
  #offset: number
  #index = 0

  constructor(header: Bytes, plaintextLength: number, cipher: ChunkCipher) {
    this.#bytes = new Uint8Array(header.length + sealedLength(plaintextLength))
    this.#bytes.set(header)
    this.#offset = header.length
    this.#cipher = cipher
  }

  /** Takes the next chunk; waits only where enough are under way. */
  async add(plaintext: Bytes, final: boolean): Promise<void> {
    const prefix = final ? finalChunkPrefix : fullChunkPrefix
    this.#bytes.set(prefix, this.#offset)
    const at = this.#offset + prefix.length
    const sealed = this.#cipher.seal(this.#index, plaintext, final)
    this.#pending.push(sealed.then((ciphertext) => this.#bytes.set(ciphertext, at)))
    this.#offset = at + plaintext.length + tagLength
    this.#index += 1
    if (this.#pending.length === inFlight) await this.#pending.shift()
  }

  async finish(): Promise<Bytes> {
    await Promise.all(this.#pending)
    return this.#bytes
  }
}

/**
 * Encapsulates a request (draft-ietf-ohai-chunked-ohttp-08 §6.1): `hdr enc chunk* finalChunk`, in one piece of memory beside
 * the message itself. Every chunk but the last has the greatest length; the last is final.
 *
 * @param pieces of the Binary HTTP message, in order; they must not change meanwhile
 * @param signal stops the work between chunks, with its reason
 */
export async function sealRequest(
  key: RequestKey,
  pieces: readonly Piece[],
  signal?: AbortSignal,
): Promise<SealedRequest> {
  const { header, cipher, ...response } = await key.setup()
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0)
  const body = new SealedBody(header, length, cipher)
  const queue = new ByteQueue()
  for (const piece of pieces)
    for (const window of windowsOf(piece)) {
      queue.push(await read(window))
      while (queue.length > maxChunkPlaintext) {
        signal?.throwIfAborted()
        await body.add(queue.take(maxChunkPlaintext), false)
      }
    }
  await body.add(queue.take(queue.length), true)
  return { body: await body.finish(), response }
}
