import { toHex } from './bytes.ts'

/** What PROTOCOL.md §3 leaves of CBOR. Maps are kept in order; keys and numbers are exact up to 2^64 - 1. */
export type Cbor = bigint | Uint8Array | string | readonly Cbor[] | ReadonlyMap<bigint, Cbor>

/** RFC 8949 §3: the major types that remain. */
const major = { uint: 0, bytes: 2, text: 3, array: 4, map: 5 } as const

const maxNesting = 8

/** The bytes are not one item of deterministic CBOR (RFC 8949 §4.2.1) as PROTOCOL.md §3 restricts it. */
export class CborError extends Error {}

/** Decodes exactly one item. @throws CborError */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes)
  const item = reader.item(0)
  if (!reader.atEnd) throw new CborError('bytes after the item')
  return item
}

class Reader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  /** `depth` arrays and maps are open around the item. */
  item(depth: number): Cbor {
    const [type, argument] = this.#head()
    switch (type) {
      case major.uint:
        return argument
      case major.bytes:
        return this.#take(argument)
      case major.text:
        return this.#text(argument)
      case major.array:
        return this.#array(argument, depth + 1)
      case major.map:
        return this.#map(argument, depth + 1)
      default:
        throw new CborError(`major type ${type}`)
    }
  }

  #head(): [number, bigint] {
    const first = this.#take(1n)[0] as number
    const [type, info] = [first >> 5, first & 31]
    if (info < 24) return [type, BigInt(info)]
    if (info > 27) throw new CborError('an indefinite length or a reserved one')
    const length = 1 << (info - 24)
    const argument = BigInt(`0x${toHex(this.#take(BigInt(length)))}`)
    const shortest = length === 1 ? 24n : 1n << BigInt(4 * length)
    if (argument < shortest) throw new CborError('an argument that is not in its shortest form')
    return [type, argument]
  }

  #array(length: bigint, depth: number): Cbor[] {
    this.#enter(length, depth)
    return Array.from({ length: Number(length) }, () => this.item(depth))
  }

  #map(length: bigint, depth: number): Map<bigint, Cbor> {
    this.#enter(length, depth)
    const map = new Map<bigint, Cbor>()
    let previous = -1n
    for (let index = 0n; index < length; index += 1n) {
      const [type, key] = this.#head()
      if (type !== major.uint) throw new CborError('a key that is no unsigned integer')
      if (key <= previous) throw new CborError('keys that do not ascend')
      previous = key
      map.set(key, this.item(depth))
    }
    return map
  }

  /** Each element takes at least a byte: what claims more is refused before memory is taken for it. */
  #enter(length: bigint, depth: number): void {
    if (depth > maxNesting) throw new CborError('nesting deeper than 8')
    if (length > BigInt(this.#bytes.length - this.#offset)) throw new CborError('ends too early')
  }

  #text(length: bigint): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(length))
    } catch (error) {
      if (error instanceof CborError) throw error
      throw new CborError('text that is no UTF-8', { cause: error })
    }
  }

  #take(length: bigint): Uint8Array {
    if (length > BigInt(this.#bytes.length - this.#offset)) throw new CborError('ends too early')
    const start = this.#offset
    this.#offset += Number(length)
    return this.#bytes.subarray(start, this.#offset)
  }
}
