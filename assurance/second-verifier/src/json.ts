import { Refusal } from './refusal.ts'

/** JSON without what no document here needs: numbers are integers, objects keep each key once. */
export type Json = null | boolean | bigint | string | readonly Json[] | ReadonlyMap<string, Json>

const maxDepth = 8
const maxMembers = 64

/**
 * Reads RFC 8259 as strictly as PROTOCOL.md §7 demands. `JSON.parse` cannot: it keeps the last of two equal keys and rounds numbers.
 *
 * @throws {Refusal} with `code`
 */
export function readJson(bytes: Uint8Array, code: string): Json {
  const reader = new JsonReader(decode(bytes, code), code)
  const value = reader.value(0)
  reader.end()
  return value
}

function decode(bytes: Uint8Array, code: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal(code, 'not UTF-8')
  }
}

class JsonReader {
  readonly #text: string
  readonly #code: string
  #offset = 0

  constructor(text: string, code: string) {
    this.#text = text
    this.#code = code
  }

  value(depth: number): Json {
    this.#space()
    if (this.#skip(/\{/y)) return this.#object(depth + 1)
    if (this.#skip(/\[/y)) return this.#array(depth + 1)
    if (this.#skip(/"/y)) return this.#string()
    if (this.#skip(/true/y)) return true
    if (this.#skip(/false/y)) return false
    if (this.#skip(/null/y)) return null
    const number = this.#take(/(?:0|[1-9][0-9]*)(?![0-9.eE])/y)
    if (number === undefined) this.#fail('not a value')
    if (BigInt(number) > Number.MAX_SAFE_INTEGER) this.#fail('a number of 2^53 or more')
    return BigInt(number)
  }

  end(): void {
    this.#space()
    if (this.#offset !== this.#text.length) this.#fail('text after the value')
  }

  #object(depth: number): Map<string, Json> {
    const members = new Map<string, Json>()
    this.#list(depth, /\}/y, () => {
      if (!this.#skip(/"/y)) this.#fail('not a key')
      const key = this.#string()
      if (members.has(key)) this.#fail(`${JSON.stringify(key)} occurs twice`)
      this.#space()
      if (!this.#skip(/:/y)) this.#fail('no colon')
      members.set(key, this.value(depth))
      if (members.size > maxMembers) this.#fail('more than 64 members')
    })
    return members
  }

  #array(depth: number): Json[] {
    const items: Json[] = []
    this.#list(depth, /\]/y, () => items.push(this.value(depth)))
    return items
  }

  #list(depth: number, close: RegExp, element: () => void): void {
    if (depth > maxDepth) this.#fail('nesting deeper than 8')
    this.#space()
    if (this.#skip(close)) return
    do {
      this.#space()
      element()
      this.#space()
    } while (this.#skip(/,/y))
    if (!this.#skip(close)) this.#fail('a list that does not end')
  }

  /** RFC 8259 §7, after the opening quotation mark. */
  #string(): string {
    const raw = this.#take(/(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*(?=")/uy)
    if (raw === undefined) this.#fail('a malformed string')
    this.#offset += 1
    const text = JSON.parse(`"${raw}"`) as string
    if (/\p{Surrogate}/u.test(text)) this.#fail('half of a surrogate pair')
    return text
  }

  #space(): void {
    this.#skip(/[ \t\n\r]*/y)
  }

  #skip(pattern: RegExp): boolean {
    return this.#take(pattern) !== undefined
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    const found = pattern.exec(this.#text)?.[0]
    this.#offset += found?.length ?? 0
    return found
  }

  #fail(why: string): never {
    throw new Refusal(this.#code, `${why} at character ${this.#offset}`)
  }
}
