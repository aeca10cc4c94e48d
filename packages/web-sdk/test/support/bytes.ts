import * as fc from 'fast-check'
import { type Bytes, utf8 } from '../../src/bytes.js'

/** Bytes of a chosen length that differ from place to place. */
export function pattern(length: number): Bytes {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >>> 8)) & 0xff)
}

/** `bytes` cut into pieces whose lengths are those of `splits`, over and over. */
export function cut(bytes: Uint8Array, splits: readonly number[]): Bytes[] {
  const pieces: Bytes[] = []
  for (let offset = 0, index = 0; offset < bytes.length; index += 1) {
    const length = splits[index % splits.length] ?? bytes.length
    pieces.push(bytes.slice(offset, offset + length))
    offset += length
  }
  return pieces
}

export const anySplits: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 40_000 }), {
  minLength: 1,
  maxLength: 6,
})

export function anyBytes(maxLength: number): fc.Arbitrary<Bytes> {
  return fc.nat(maxLength).map(pattern)
}

/** A reader over `pieces`, as a body gives them. */
export function readerOf(pieces: readonly Bytes[]): () => Promise<Bytes | undefined> {
  const left = pieces.values()
  return async () => left.next().value
}

export { utf8 }

/** The bytes of an encapsulated request, whichever form it has. */
export async function bytesOf(body: Bytes | Blob): Promise<Bytes> {
  return body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body
}
