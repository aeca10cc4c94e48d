import { join, type Answer, type Chunk } from './chunks.ts'

/** A damaged answer and what was done to it. */
export interface Damaged {
  readonly name: string
  readonly bytes: Buffer
}

/** The answer cut before each of its bytes. */
export function* cuts(whole: Buffer): Generator<Damaged> {
  for (let length = 0; length < whole.length; length++)
    yield { name: `cut before byte ${length}`, bytes: whole.subarray(0, length) }
}

/** One bit of each byte flipped. */
export function* flips(whole: Buffer): Generator<Damaged> {
  for (let offset = 0; offset < whole.length; offset++) {
    const bytes = Buffer.from(whole)
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8))
    yield { name: `a bit of byte ${offset} flipped`, bytes }
  }
}

/**
 * Every order of the chunks but the right one, each subset of them, and each repeated; each of these as it is, and with
 * lengths written anew so that exactly the last looks like a final chunk.
 */
export function* rearrangements({ nonce, chunks }: Answer): Generator<Damaged> {
  for (const { name, list } of lists(chunks)) {
    yield { name, bytes: join({ nonce, chunks: list }) }
    const reframed = list.map(({ ciphertext }, index) => ({ ciphertext, final: index === list.length - 1 }))
    if (reframed.some(({ final }, index) => final !== list[index]?.final))
      yield { name: `${name}, the last one passed off as final`, bytes: join({ nonce, chunks: reframed }) }
  }
}

/** Something put between the chunks, or behind the end, by somebody without the key. */
export function* insertions(answer: Answer): Generator<Damaged> {
  const foreign = [
    { what: 'an empty final chunk', bytes: Buffer.of(0) },
    { what: 'a final chunk of zeros', bytes: Buffer.alloc(17) },
    { what: 'a chunk of a tag alone', bytes: Buffer.concat([Buffer.of(16), Buffer.alloc(16)]) },
    { what: 'a chunk of zeros', bytes: Buffer.concat([Buffer.of(40), Buffer.alloc(40)]) },
    { what: 'a length over the limit', bytes: Buffer.of(0x80, 0, 0x40, 0x11) },
  ]
  for (let place = 0; place <= answer.chunks.length; place++) {
    const before = join({ ...answer, chunks: answer.chunks.slice(0, place) })
    const after = join({ nonce: Buffer.alloc(0), chunks: answer.chunks.slice(place) })
    for (const { what, bytes } of foreign)
      yield { name: `${what} put in place ${place}`, bytes: Buffer.concat([before, bytes, after]) }
  }
}

function* lists(chunks: readonly Chunk[]): Generator<{ name: string; list: readonly Chunk[] }> {
  const all = chunks.map((_, index) => index)
  const pick = (order: readonly number[]): readonly Chunk[] => order.flatMap((index) => chunks[index] ?? [])
  for (const order of permutations(all))
    if (order.some((index, place) => index !== place)) yield { name: `order ${order.join(' ')}`, list: pick(order) }
  for (let set = 0; set < 2 ** all.length - 1; set++) {
    const kept = all.filter((index) => (set & (1 << index)) !== 0)
    yield { name: `only ${kept.join(' ')}`, list: pick(kept) }
  }
  for (const index of all) {
    yield { name: `${index} repeated at once`, list: pick(all.toSpliced(index, 0, index)) }
    yield { name: `${index} repeated at the end`, list: pick([...all, index]) }
  }
}

function* permutations(list: readonly number[]): Generator<readonly number[]> {
  if (list.length === 0) yield []
  for (const [place, first] of list.entries())
    for (const rest of permutations(list.toSpliced(place, 1))) yield [first, ...rest]
}
