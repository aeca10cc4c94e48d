import { fromHex, utf8 } from './bytes.ts'
import { demand, Refusal } from './refusal.ts'
import type { Json } from './json.ts'

/** Reads one object of a policy, or of another document with the same rules; every member is asked for by name, and none may be left. */
export class Members {
  readonly #name: string
  readonly #code: string
  readonly #members: ReadonlyMap<string, Json>
  readonly #known = new Set<string>()
  /** Of the whole document. */
  readonly #meaningless: string[]

  /** What is not of its type or range is refused with `code`. */
  constructor(value: Json | undefined, name: string, code = 'policy.syntax', meaningless: string[] = []) {
    demand(value instanceof Map, code, `${name} is no object`)
    this.#members = value as ReadonlyMap<string, Json>
    this.#name = name
    this.#code = code
    this.#meaningless = meaningless
  }

  get(key: string): Json | undefined {
    this.#known.add(key)
    return this.#members.get(key)
  }

  /** 1 to 255 bytes of UTF-8, or what `pattern` describes. */
  text(key: string, pattern?: RegExp): string {
    const value = this.get(key)
    demand(typeof value === 'string', this.#code, this.#at(key))
    const length = utf8(value).length
    demand(pattern?.test(value) ?? (length >= 1 && length <= 255), this.#code, this.#at(key))
    return value
  }

  optionalText(key: string, pattern?: RegExp): string | undefined {
    return this.has(key) ? this.text(key, pattern) : undefined
  }

  /** One of `values`. */
  choice<const Value extends string>(key: string, values: readonly Value[]): Value {
    return oneOf(this.get(key), values, this.#at(key), this.#code)
  }

  hex(key: string, ...lengths: readonly number[]): Uint8Array {
    return readHex(this.get(key), lengths, this.#at(key), this.#code)
  }

  /** 1 to `max` byte strings of one length. */
  hexList(key: string, max: number, length: number): Uint8Array[] {
    return this.list(key, max, (item) => readHex(item, [length], this.#at(key), this.#code))
  }

  optionalHexList(key: string, max: number, length: number): Uint8Array[] | undefined {
    return this.has(key) ? this.hexList(key, max, length) : undefined
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.has(key) ? this.get(key) : otherwise
    demand(typeof value === 'boolean', this.#code, this.#at(key))
    return value
  }

  integer(key: string, min: number, max: number, otherwise?: number): number {
    const value = this.has(key) || otherwise === undefined ? this.get(key) : BigInt(otherwise)
    const fits = typeof value === 'bigint' && value >= BigInt(min) && value <= BigInt(max)
    demand(fits, this.#code, this.#at(key))
    return Number(value)
  }

  list<Item>(key: string, max: number, read: (item: Json) => Item): Item[] {
    const value = this.get(key)
    demand(Array.isArray(value) && value.length >= 1 && value.length <= max, this.#code, this.#at(key))
    return (value as readonly Json[]).map(read)
  }

  optionalList<Item>(key: string, max: number, read: (item: Json) => Item): Item[] | undefined {
    return this.has(key) ? this.list(key, max, read) : undefined
  }

  optionalInteger(key: string, min: number, max: number): number | undefined {
    return this.has(key) ? this.integer(key, min, max) : undefined
  }

  /** An object in it, read with the same code. */
  object(key: string): Members {
    return this.member(this.get(key), this.#at(key))
  }

  /** An object in a list in it. */
  member(value: Json | undefined, name: string): Members {
    return new Members(value, name, this.#code, this.#meaningless)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** Members of an object whose keys are data. */
  entries(): readonly (readonly [string, Json])[] {
    return [...this.#members]
  }

  /** Notes what is well-formed and means nothing safe: syntax that is read later is told before it (PROTOCOL.md §7). */
  noteInvalid(why: string): void {
    this.#meaningless.push(why)
  }

  /** Asked once the document was read to its end. @throws {Refusal} with `code`, for what was noted of any object in it */
  endDocument(code: string): void {
    this.end()
    const [first] = this.#meaningless
    if (first !== undefined) throw new Refusal(code, first)
  }

  end(): void {
    for (const key of this.#members.keys())
      demand(this.#known.has(key), this.#code, `${this.#name} has the unknown member ${JSON.stringify(key)}`)
  }

  #at(key: string): string {
    return `${this.#name}.${key}`
  }
}

export function oneOf<const Value extends string>(
  value: Json | undefined,
  values: readonly Value[],
  at: string,
  code = 'policy.syntax',
): Value {
  const found = values.find((candidate) => candidate === value)
  if (found === undefined) throw new Refusal(code, at)
  return found
}

function readHex(value: Json | undefined, lengths: readonly number[], at: string, code: string): Uint8Array {
  const fits = typeof value === 'string' && lengths.includes(value.length / 2) && /^[0-9a-f]*$/.test(value)
  demand(fits, code, at)
  return fromHex(value)
}
