import { BlindLlamaError } from '../errors.js'

/** What a receipt's file consists of: no arrays, no fractions. */
export type JsonValue = string | number | JsonObject
export type JsonObject = ReadonlyMap<string, JsonValue>

/** The file is one object in one. */
const maxDepth = 2

/**
 * Reads one JSON object of strings, integers and objects, to its end. `JSON.parse` would keep the last of two members with one
 * name, where another reader keeps the first.
 *
 * @throws {BlindLlamaError} `receipt.syntax`
 */
export function readJson(text: string): JsonObject {
  const reader = new Reader(text)
  const object = reader.object(1)
  reader.end()
  return object
}

export function malformed(what: string): BlindLlamaError {
  return new BlindLlamaError('receipt.syntax', `The file is not a receipt: ${what}`)
}

/** One pass, without a regular expression over the long strings, for which engines keep a stack. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  object(depth: number): JsonObject {
    if (depth > maxDepth) throw malformed('it nests too deep')
    const members = new Map<string, JsonValue>()
    this.#expect('{')
    if (this.#skip('}')) return members
    do {
      const name = this.#string()
      this.#expect(':')
      if (members.has(name)) throw malformed(`${JSON.stringify(name)} stands there twice`)
      members.set(name, this.#value(depth))
    } while (this.#skip(','))
    this.#expect('}')
    return members
  }

  end(): void {
    this.#blank()
    if (this.#at < this.#text.length) throw malformed('something follows the object')
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
      if (quote < 0) throw malformed('a string does not end')
      this.#at = quote + 1
      if (!this.#isEscaped(begin, quote)) break
    }
    try {
      return JSON.parse(this.#text.slice(begin - 1, this.#at)) as string
    } catch {
      throw malformed('a string has characters that JSON does not allow')
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
    if (digits === undefined || !Number.isSafeInteger(Number(digits))) throw malformed('a value of another type')
    this.#at += digits.length
    return Number(digits)
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw malformed(`${character} is missing`)
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
