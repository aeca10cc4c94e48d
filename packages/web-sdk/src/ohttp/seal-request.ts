import { ByteQueue } from '../byte-queue.js'
import type { Bytes } from '../bytes.js'
import { encodeVarint } from '../varint.js'
import { maxChunkPlaintext, tagLength } from './chunk-cipher.js'
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

async function* bytesOf(piece: Piece): AsyncGenerator<Bytes, void, void> {
  if (piece instanceof Uint8Array) yield piece
  else
    for (let offset = 0; offset < piece.size; offset += blobWindow)
      yield new Uint8Array(await piece.slice(offset, offset + blobWindow).arrayBuffer())
}

/** Chunks of the greatest length, then the last, which has 1 to that many bytes, or none for an empty message. */
async function* chunksOf(pieces: readonly Piece[]): AsyncGenerator<{ plaintext: Bytes; final: boolean }, void, void> {
  const queue = new ByteQueue()
  for (const piece of pieces)
    for await (const bytes of bytesOf(piece)) {
      queue.push(bytes)
      while (queue.length > maxChunkPlaintext) yield { plaintext: queue.take(maxChunkPlaintext), final: false }
    }
  yield { plaintext: queue.take(queue.length), final: true }
}

const fullChunkPrefix = encodeVarint(maxChunkPlaintext + tagLength)
const finalChunkPrefix = encodeVarint(0)

function sealedLength(plaintextLength: number): number {
  const fullChunks = Math.max(0, Math.ceil(plaintextLength / maxChunkPlaintext) - 1)
  return fullChunks * (fullChunkPrefix.length + tagLength) + finalChunkPrefix.length + plaintextLength + tagLength
}

/**
 * Encapsulates a request (draft-ietf-ohai-chunked-ohttp-08 §6.1): `hdr enc chunk* finalChunk`, in one piece of memory beside
 * the message itself.
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
  const body = new Uint8Array(header.length + sealedLength(length))
  body.set(header)

  const pending: Promise<void>[] = []
  let offset = header.length
  let index = 0
  for await (const { plaintext, final } of chunksOf(pieces)) {
    signal?.throwIfAborted()
    const prefix = final ? finalChunkPrefix : fullChunkPrefix
    body.set(prefix, offset)
    const at = offset + prefix.length
    pending.push(cipher.seal(index, plaintext, final).then((ciphertext) => body.set(ciphertext, at)))
    offset = at + plaintext.length + tagLength
    index += 1
    if (pending.length === inFlight) await pending.shift()
  }
  await Promise.all(pending)
  return { body, response }
}
