import { ByteQueue } from '../byte-queue.js'
import { type Bytes, free } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { encodeVarint } from '../varint.js'
import { type ChunkCipher, maxChunkPlaintext, tagLength } from './chunk-cipher.js'
import type { RequestKey, SenderContext } from './request-key.js'

/** Chunks under encryption at a time: enough to keep WebCrypto's threads busy. */
const inFlight = 16
/** How much plaintext is read, sealed and put away at a time: whole chunks, 1 MiB. */
export const windowLength: number = 64 * maxChunkPlaintext

/** A piece of a message: bytes, or a Blob that is read window by window. */
export type Piece = Bytes | Blob

/** An encapsulated request, and what its response is opened with. */
export interface SealedRequest {
  /** To be given to `release` once it was sent. Bytes where one window holds it all, else a Blob, which browsers keep outside the memory of the page. */
  body: Bytes | Blob
  response: Pick<SenderContext, 'enc' | 'aeadId' | 'exportSecret'>
}

export interface SealOptions {
  /** Stops the work between windows, with its reason. */
  signal?: AbortSignal | undefined
  /** Hears after each window how much of the message is sealed, in bytes of plaintext. */
  onProgress?: ((sealed: number, total: number) => void) | undefined
}

export function lengthOf(piece: Piece): number {
  return ArrayBuffer.isView(piece) ? piece.length : piece.size
}

/** `pieces` in parts that are read into memory at once, each within one window. */
function* partsOf(pieces: readonly Piece[]): Generator<Piece, void, void> {
  let room = windowLength
  for (const piece of pieces)
    for (let offset = 0; offset < lengthOf(piece);) {
      const end = Math.min(offset + room, lengthOf(piece))
      yield ArrayBuffer.isView(piece) ? piece.subarray(offset, end) : piece.slice(offset, end)
      room = room - (end - offset) || windowLength
      offset = end
    }
}

async function read(part: Piece): Promise<Bytes> {
  if (ArrayBuffer.isView(part)) return part
  try {
    return new Uint8Array(await part.arrayBuffer())
  } catch (cause) {
    throw new BlindLlamaError('request.body', 'The body cannot be read', { cause })
  }
}

const fullChunkPrefix = encodeVarint(maxChunkPlaintext + tagLength)
const finalChunkPrefix = encodeVarint(0)
const fullChunkLength = fullChunkPrefix.length + maxChunkPlaintext + tagLength

/** Of a whole window behind a header, and of the smallest message for which it is worth while. */
const memoryLength = windowLength + 64 * (fullChunkPrefix.length + tagLength) + 64
const worthwhile = 4 * maxChunkPlaintext
/** Memory of ciphertext that was sent, for the next window: fresh memory costs browsers more than the encryption itself. */
let spare: Bytes | undefined

function memory(length: number): Bytes {
  if (length < worthwhile || length > memoryLength) return new Uint8Array(length)
  const taken = spare ?? new Uint8Array(memoryLength)
  spare = undefined
  return taken.subarray(0, length)
}

/** Gives back the body of a request that was sent: it may be overwritten from now on. */
export function release(body: Bytes | Blob): void {
  if (ArrayBuffer.isView(body) && body.buffer.byteLength === memoryLength) spare = new Uint8Array(body.buffer)
}

/** One window of a message: how many bytes of plaintext, where its chunks count from, and whether the message ends with it. */
interface Window {
  length: number
  firstChunk: number
  last: boolean
}

/**
 * Encrypts the chunks of a window, several at a time, each to its place in one piece of memory.
 *
 * @param prefix what goes before the first chunk
 * @param plaintext holds the window at its front
 */
async function sealWindow(cipher: ChunkCipher, prefix: Bytes, plaintext: ByteQueue, window: Window): Promise<Bytes> {
  const { length, firstChunk, last } = window
  const count = Math.max(1, Math.ceil(length / maxChunkPlaintext))
  const finalPrefixSaves = last ? fullChunkPrefix.length - finalChunkPrefix.length : 0
  const overhead = count * (fullChunkPrefix.length + tagLength) - finalPrefixSaves
  const sealed = memory(prefix.length + overhead + length)
  sealed.set(prefix)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      const final = last && index === count - 1
      const chunk = plaintext.take(Math.min(maxChunkPlaintext, length - index * maxChunkPlaintext))
      const chunkPrefix = final ? finalChunkPrefix : fullChunkPrefix
      const at = prefix.length + index * fullChunkLength
      sealed.set(chunkPrefix, at)
      const ciphertext = await cipher.seal(firstChunk + index, chunk, final)
      sealed.set(ciphertext, at + chunkPrefix.length)
      // Not where a Blob is made: without garbage Chromium collects none, and Blobs of requests before fill its store.
      if (last && firstChunk === 0) free(ciphertext)
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane))
  return sealed
}

/**
 * Seals a message behind `header`: `header chunk* finalChunk`. Every chunk but the last has the greatest length; the last is
 * final. Of a long message, no more than a window is in memory in either form, beside what `pieces` themselves hold there.
 */
export async function sealMessage(
  header: Bytes,
  cipher: ChunkCipher,
  pieces: readonly Piece[],
  { signal, onProgress }: SealOptions = {},
): Promise<Bytes | Blob> {
  const total = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0)
  const parts = partsOf(pieces)
  const plaintext = new ByteQueue()
  const blobs: Blob[] = []
  for (let begin = 0; ; begin += windowLength) {
    signal?.throwIfAborted()
    const length = Math.min(windowLength, total - begin)
    while (plaintext.length < length) plaintext.push(await read(parts.next().value as Piece))
    const window = { length, firstChunk: begin / maxChunkPlaintext, last: begin + length === total }
    const sealed = await sealWindow(cipher, begin === 0 ? header : new Uint8Array(), plaintext, window)
    onProgress?.(begin + length, total)
    if (total <= windowLength) return sealed
    blobs.push(new Blob([sealed]))
    release(sealed)
    if (window.last) return new Blob(blobs)
  }
}

/**
 * Encapsulates a request (draft-ietf-ohai-chunked-ohttp-08 §6.1): `hdr enc chunk* finalChunk`.
 *
 * @param pieces of the Binary HTTP message, in order; they must not change meanwhile
 */
export async function sealRequest(
  key: RequestKey,
  pieces: readonly Piece[],
  options?: SealOptions,
): Promise<SealedRequest> {
  const { header, cipher, ...response } = await key.setup()
  return { body: await sealMessage(header, cipher, pieces, options), response }
}
