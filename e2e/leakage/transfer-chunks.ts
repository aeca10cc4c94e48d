import type { Piece } from '../support/recorder.ts'

/** A chunk of HTTP/1.1's transfer coding (RFC 9112 §7.1): what a server sent at once. */
export interface TransferChunk {
  /** Of its data, in bytes. */
  readonly length: number
  /** When its last byte was seen, in milliseconds of `Piece.atMs`. */
  readonly atMs: number
}

/** The chunks of one whole answer, without the empty last one. */
export function transferChunks(pieces: readonly Piece[]): readonly TransferChunk[] {
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
  const chunks: TransferChunk[] = []
  let offset = bytes.indexOf('\r\n\r\n') + 4
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset)
    const length = Number.parseInt(bytes.toString('latin1', offset, lineEnd), 16)
    if (Number.isNaN(length)) throw new Error('this is not an answer in chunks')
    if (length === 0) return chunks
    offset = lineEnd + 2 + length + 2
    chunks.push({ length, atMs: seenAt(pieces, offset) })
  }
}

function seenAt(pieces: readonly Piece[], offset: number): number {
  let length = 0
  return pieces.find(({ bytes }) => (length += bytes.length) >= offset)?.atMs ?? Number.NaN
}
