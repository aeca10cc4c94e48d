import type { BlindLlamaError } from '../errors.js'

/** What such an object consists of: no arrays, no fractions. */
export type JsonValue = string | number | JsonObject
export type JsonObject = ReadonlyMap<string, JsonValue>

/** A receipt is one object in one. */
const maxDepth = 2

/** The error for a text that is something else, which the reader names. */
export type Malformed = (what: string) => BlindLlamaError

/**
 * Reads one JSON object of strings, integers and objects, to its end. `JSON.parse` would keep the last of two members with one
 * name, where another reader keeps the first.
 *
 * @throws {BlindLlamaError} what `malformed` makes
 */
export function readJson(text: string, malformed: Malformed): JsonObject {
  const reader = new Reader(text, malformed)
  const object = reader.object(1)
  reader.end()
  return object
}

/** One pass, without a regular expression over the long strings, for which engines keep a stack. */
class Reader {
  readonly #text: string
  readonly #malformed: Malformed
  #at = 0

  constructor(text: string, malformed: Malformed) {
    this.#text = text
    this.#malformed = malformed
  }

  object(depth: number): JsonObject {
    if (depth > maxDepth) throw this.#malformed('it nests too deep')
    const members = new Map<string, JsonValue>()
    this.#expect('{')
    if (this.#skip('}')) return members
    do {
      const name = this.#string()
      this.#expect(':')
      if (members.has(name)) throw this.#malformed(`${JSON.stringify(name)} stands there twice`)
      members.set(name, this.#value(depth))
    } while (this.#skip(','))
    this.#expect('}')
    return members
  }

  end(): void {
    this.#blank()
    if (this.#at < this.#text.length) throw this.#malformed('something follows the object')
  }

  #value(depth: number): JsonValue {
    this.#blank()
    const first = this.#text[this.#at]
    if (first === '{') return this.object(depth + 1)
    return first === '"' ? this.#string() : this.#integer()
  }

  #string(): string {
    this.#expect('"')
    const begin = this.#at
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at)
      if (quote < 0) throw this.#malformed('a string does not end')
      this.#at = quote + 1
      if (!this.#isEscaped(begin, quote)) break
    }
    try {
      return JSON.parse(this.#text.slice(begin - 1, this.#at)) as string
    } catch {
      throw this.#malformed('a string has characters that JSON does not allow')
    }
  }

  /** Whether an odd number of backslashes stands before `quote`. */
  #isEscaped(begin: number, quote: number): boolean {
    let at = quote
    while (at > begin && this.#text[at - 1] === '\\') at -= 1
    return (quote - at) % 2 === 1
  }

  #integer(): number {
    const [digits] = /^(?:0|[1-9]\d{0,15})(?![\d.eE])/.exec(this.#text.slice(this.#at, this.#at + 20)) ?? []
    if (digits === undefined || !Number.isSafeInteger(Number(digits))) throw this.#malformed('a value of another type')
    this.#at += digits.length
    return Number(digits)
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw this.#malformed(`${character} is missing`)
  }

  #skip(character: string): boolean {
    this.#blank()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '-')) this.#at += 1
  }
}
