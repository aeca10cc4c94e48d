import { type Cbor, CborError, decodeCbor } from './cbor.ts'
import { demand, Refusal } from './refusal.ts'

/** Below it a key that a reader does not know is an error, PROTOCOL.md §3. */
const firstExtension = 64n

/** Decodes `bytes`, which must be a map. */
export function decodeItem(bytes: Uint8Array, layer: 'bundle' | 'claims' | 'state'): Cbor {
  try {
    return decodeCbor(bytes)
  } catch (error) {
    if (error instanceof CborError) throw new Refusal(`${layer}.encoding`, error.message)
    throw error
  }
}

/** Reads one map of the CDDL of PROTOCOL.md §3 and §4: every member is asked for once, then none may be left. */
export class Shape {
  readonly #code: string
  readonly #name: string
  readonly #members: ReadonlyMap<bigint, Cbor>
  readonly #known = new Set<bigint>()

  /** @throws {Refusal} with `code` when `item` is no map. */
  constructor(item: Cbor, code: string, name: string) {
    demand(item instanceof Map, code, `${name} is no map`)
    this.#members = item as ReadonlyMap<bigint, Cbor>
    this.#code = code
    this.#name = name
  }

  has(key: number): boolean {
    this.#known.add(BigInt(key))
    return this.#members.has(BigInt(key))
  }

  uint(key: number, max: bigint = 2n ** 64n - 1n, min: bigint = 0n): bigint {
    const value = this.#member(key)
    this.must(typeof value === 'bigint' && value >= min && value <= max, key)
    return value
  }

  bytes(key: number, max: number, min = 0): Uint8Array {
    const value = this.#member(key)
    this.must(value instanceof Uint8Array && value.length >= min && value.length <= max, key)
    return value
  }

  text(key: number): string {
    const value = this.#member(key)
    this.must(typeof value === 'string', key)
    return value
  }

  array(key: number, max: number, min = 0): readonly Cbor[] {
    const value = this.#member(key)
    this.must(Array.isArray(value) && value.length >= min && value.length <= max, key)
    return value as readonly Cbor[]
  }

  byteArray(key: number, max: number, min = 0): readonly Uint8Array[] {
    const items = this.array(key, max, min)
    this.must(
      items.every((item) => item instanceof Uint8Array),
      key,
    )
    return items as readonly Uint8Array[]
  }

  item(key: number): Cbor {
    return this.#member(key)
  }

  /** Members of a map whose keys are data. */
  entries(): readonly (readonly [bigint, Cbor])[] {
    return [...this.#members]
  }

  /** Refuses a critical member that nobody asked for. */
  end(): void {
    this.#endFrom(firstExtension)
  }

  /** Refuses every member that nobody asked for. */
  endWithoutExtensions(): void {
    this.#endFrom(undefined)
  }

  #endFrom(extensions: bigint | undefined): void {
    for (const key of this.#members.keys()) {
      const isExtension = extensions !== undefined && key >= extensions
      demand(isExtension || this.#known.has(key), this.#code, `${this.#name} has an unknown key ${key}`)
    }
  }

  must(condition: boolean, key: number): asserts condition {
    demand(condition, this.#code, `${this.#name}: key ${key} is not of its type or range`)
  }

  #member(key: number): Cbor {
    this.#known.add(BigInt(key))
    const value = this.#members.get(BigInt(key))
    if (value === undefined) throw new Refusal(this.#code, `${this.#name} lacks key ${key}`)
    return value
  }
}
