/** A chunk of an encapsulated answer (docs/PROTOCOL.md §10), without its length. */
export interface Chunk {
  readonly ciphertext: Buffer
  readonly final: boolean
}

/** A whole encapsulated answer in its parts. */
export interface Answer {
  readonly nonce: Buffer
  readonly chunks: readonly Chunk[]
}

const nonceLength = 16

/** Splits a whole answer under AES-128-GCM; written for this test, it shares nothing with the code under test. */
export function split(bytes: Buffer): Answer {
  const chunks: Chunk[] = []
  let offset = nonceLength
  while (chunks.at(-1)?.final !== true) {
    const first = bytes[offset] ?? 0
    const size = 1 << (first >> 6)
    // At most 16400, so never the form of eight bytes.
    const length = bytes.readUIntBE(offset, size) % 2 ** (8 * size - 2)
    offset += size
    const end = length === 0 ? bytes.length : offset + length
    chunks.push({ ciphertext: bytes.subarray(offset, end), final: length === 0 })
    offset = end
  }
  return { nonce: bytes.subarray(0, nonceLength), chunks }
}

/** @param lengths in their shortest form, or in the one of four bytes: receivers accept any (RFC 9000 §16) */
export function join({ nonce, chunks }: Answer, lengths: 'shortest' | 'long' = 'shortest'): Buffer {
  return Buffer.concat([nonce, ...chunks.flatMap((chunk) => frame(chunk, lengths))])
}

function frame({ ciphertext, final }: Chunk, lengths: 'shortest' | 'long'): readonly Buffer[] {
  if (final) return [Buffer.of(0), ciphertext]
  const form = lengths === 'long' ? 2 : ciphertext.length < 2 ** 6 ? 0 : ciphertext.length < 2 ** 14 ? 1 : 2
  const length = Buffer.alloc(1 << form)
  length.writeUIntBE(ciphertext.length, 0, length.length)
  length[0] = (length[0] ?? 0) | (form << 6)
  return [length, ciphertext]
}
