import { ByteQueue } from '../byte-queue.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { type Field, decodeLatin1, isValidField } from './fields.js'
import { decodeVarint, varintLength } from '../varint.js'

/** RFC 9292 §3.3, Figure 3. */
const knownLengthResponse = 1
const indeterminateLengthResponse = 3
/** Of one field section, in bytes. Servers refuse requests far below this; no honest answer comes near. */
const maxFieldSection = 128 * 1024
/** Informational responses before the final one. */
const maxInformational = 16

export type ResponsePart =
  | { kind: 'head'; status: number; fields: readonly Field[] }
  | { kind: 'content'; bytes: Bytes }

/** Asks the driver of a parser for more bytes. */
type Need = undefined

function malformed(what: string): BlindLlamaError {
  return new BlindLlamaError('channel.message', `The decrypted answer is not Binary HTTP: ${what}`)
}

/** How much of a field section may still come, in bytes: exactly so much where its length is known. */
class SectionBudget {
  readonly #known: boolean
  #left: number

  constructor(length: number | undefined) {
    if (length !== undefined && length > maxFieldSection) throw malformed('field section')
    this.#known = length !== undefined
    this.#left = length ?? maxFieldSection
  }

  get over(): boolean {
    return this.#known && this.#left === 0
  }

  spend(length: number): void {
    if (length > this.#left) throw malformed('field section')
    this.#left -= length
  }
}

/**
 * Decodes a response of RFC 9292 in either form while its bytes arrive: `push` what has arrived, call `next` until it has
 * nothing to give, and `end` when there is no more. Informational responses are passed over, trailers are checked and dropped.
 *
 * @throws {BlindLlamaError} `channel.message` from `next`, once and for all.
 */
export class ResponseDecoder {
  readonly #queue = new ByteQueue()
  readonly #parser: Generator<ResponsePart | Need, void, void>
  #ended = false
  #done = false

  constructor() {
    this.#parser = this.#message()
  }

  push(bytes: Bytes): void {
    this.#queue.push(bytes)
  }

  end(): void {
    this.#ended = true
  }

  /** The next part; `undefined` where more bytes are needed, or, once `done`, where the message is over. */
  next(): ResponsePart | undefined {
    const { done, value } = this.#parser.next()
    this.#done = done === true
    return value ?? undefined
  }

  get done(): boolean {
    return this.#done
  }

  *#message(): Generator<ResponsePart | Need, void, void> {
    const framing = yield* this.#varint()
    if (framing !== knownLengthResponse && framing !== indeterminateLengthResponse) throw malformed('framing')
    const known = framing === knownLengthResponse
    yield* this.#head(known)
    // Content and trailers may be left out where they are empty (RFC 9292 §3.8).
    if (yield* this.#atEnd()) return
    if (known) yield* this.#content(yield* this.#varint())
    else for (let length: number; (length = yield* this.#varint()) > 0;) yield* this.#content(length)
    if (yield* this.#atEnd()) return
    yield* this.#fieldSection(known)
    yield* this.#padding()
  }

  *#head(known: boolean): Generator<ResponsePart | Need, void, void> {
    for (let informational = 0; informational <= maxInformational; informational += 1) {
      const status = yield* this.#varint()
      if (!(status >= 100 && status <= 599)) throw malformed('status code')
      const fields = yield* this.#fieldSection(known)
      if (status < 200) continue
      yield { kind: 'head', status, fields }
      return
    }
    throw malformed('status code')
  }

  *#fieldSection(known: boolean): Generator<Need, Field[], void> {
    const budget = new SectionBudget(known ? yield* this.#varint() : undefined)
    const fields: Field[] = []
    while (!budget.over) {
      const name = yield* this.#prefixed(budget)
      if (name.length === 0 && known) throw malformed('field line')
      if (name.length === 0) break
      const field: Field = [decodeLatin1(name), decodeLatin1(yield* this.#prefixed(budget))]
      if (!isValidField(field)) throw malformed('field line')
      fields.push(field)
    }
    return fields
  }

  /** Bytes behind their length, which the budget must allow before they are waited for. */
  *#prefixed(budget: SectionBudget): Generator<Need, Bytes, void> {
    const [length, encodedLength] = yield* this.#measuredVarint()
    budget.spend(encodedLength + length)
    yield* this.#available(length)
    return this.#queue.take(length)
  }

  *#content(length: number): Generator<ResponsePart | Need, void, void> {
    for (let left = length; left > 0;) {
      yield* this.#available(1)
      const bytes = this.#queue.takeRun(left)
      left -= bytes.length
      yield { kind: 'content', bytes }
    }
  }

  *#padding(): Generator<Need, void, void> {
    while (!(yield* this.#atEnd()))
      if (this.#queue.takeRun(this.#queue.length).some((byte) => byte !== 0)) throw malformed('padding')
  }

  *#varint(): Generator<Need, number, void> {
    const [value] = yield* this.#measuredVarint()
    return value
  }

  *#measuredVarint(): Generator<Need, readonly [value: number, encodedLength: number], void> {
    yield* this.#available(1)
    const length = varintLength(this.#queue.peek() ?? 0)
    yield* this.#available(length)
    return [decodeVarint(this.#queue.take(length)), length]
  }

  *#available(length: number): Generator<Need, void, void> {
    while (this.#queue.length < length) {
      if (this.#ended) throw malformed('end')
      yield undefined
    }
  }

  /** Whether the message ends here. */
  *#atEnd(): Generator<Need, boolean, void> {
    while (this.#queue.length === 0 && !this.#ended) yield undefined
    return this.#queue.length === 0
  }
}
