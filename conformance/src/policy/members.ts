import { fromHex } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'
import type { Json } from './json.ts'

/** Names that PROTOCOL.md §15 keeps for later: demanding one is refused, never ignored. */
export function unsupported(name: string): never {
  throw new Refusal('policy.unsupported', name)
}

export function invalid(why: string): never {
  throw new Refusal('policy.invalid', why)
}

/** Reads one object of a policy; every member is asked for by name, and none may be left. */
export class Members {
  readonly #name: string
  readonly #members: ReadonlyMap<string, Json>
  readonly #known = new Set<string>()

  constructor(value: Json | undefined, name: string) {
    demand(value instanceof Map, 'policy.syntax', `${name} is no object`)
    this.#members = value as ReadonlyMap<string, Json>
    this.#name = name
  }

  get(key: string): Json | undefined {
    this.#known.add(key)
    return this.#members.get(key)
  }

  text(key: string, pattern: RegExp = /^[^]{1,}$/): string {
    const value = this.get(key)
    demand(typeof value === 'string' && pattern.test(value), 'policy.syntax', this.#at(key))
    return value
  }

  optionalText(key: string, pattern?: RegExp): string | undefined {
    return this.get(key) === undefined ? undefined : this.text(key, pattern)
  }

  /** One of `values`. */
  choice<const Value extends string>(key: string, values: readonly Value[]): Value {
    return oneOf(this.get(key), values, this.#at(key))
  }

  hex(key: string, length: number): Uint8Array {
    return readHex(this.get(key), length, this.#at(key))
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.get(key) ?? otherwise
    demand(typeof value === 'boolean', 'policy.syntax', this.#at(key))
    return value
  }

  integer(key: string, min: number, max: number, otherwise?: number): number {
    const value = this.get(key) ?? (otherwise === undefined ? undefined : BigInt(otherwise))
    const fits = typeof value === 'bigint' && value >= BigInt(min) && value <= BigInt(max)
    demand(fits, 'policy.syntax', this.#at(key))
    return Number(value)
  }

  list<Item>(key: string, max: number, read: (item: Json) => Item): Item[] {
    const value = this.get(key)
    demand(Array.isArray(value) && value.length >= 1 && value.length <= max, 'policy.syntax', this.#at(key))
    return (value as readonly Json[]).map(read)
  }

  optionalList<Item>(key: string, max: number, read: (item: Json) => Item): Item[] | undefined {
    return this.get(key) === undefined ? undefined : this.list(key, max, read)
  }

  /** Members of an object whose keys are data. */
  entries(): readonly (readonly [string, Json])[] {
    return [...this.#members]
  }

  end(): void {
    for (const key of this.#members.keys())
      demand(this.#known.has(key), 'policy.syntax', `${this.#name} has the unknown member ${JSON.stringify(key)}`)
  }

  #at(key: string): string {
    return `${this.#name}.${key}`
  }
}

export function oneOf<const Value extends string>(
  value: Json | undefined,
  values: readonly Value[],
  at: string,
): Value {
  const found = values.find((candidate) => candidate === value)
  if (found === undefined) throw new Refusal('policy.syntax', at)
  return found
}

export function readHex(value: Json | undefined, length: number, at: string): Uint8Array {
  const fits = typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]*$/.test(value)
  demand(fits, 'policy.syntax', at)
  return fromHex(value)
}
