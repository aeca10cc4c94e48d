import { type Field, decodeLatin1 } from '../bhttp/fields.js'
import type { Bytes } from '../bytes.js'
import { decodeVarint, varintLength } from '../varint.js'

/** RFC 9292 §3.3, Figure 3. */
const indeterminateLengthResponse = 3

/** A response as its receipt has it (PROTOCOL.md §21). */
export interface SplitResponse {
  /** From its first byte up to the content's terminator. */
  signed: Bytes
  trailers: Field[]
}

/**
 * Splits a response of indeterminate length (RFC 9292 §3.2) behind its content.
 *
 * @returns `undefined` for what is not such a response, as it ends too early or has a known length
 */
export function splitResponse(response: Bytes): SplitResponse | undefined {
  const reader = new Reader(response)
  if (reader.varint() !== indeterminateLengthResponse) return undefined
  do {
    const status = reader.varint()
    reader.fields()
    if (status >= 200) break
  } while (!reader.over)
  while (reader.prefixed().length > 0);
  const signed = response.subarray(0, reader.at)
  const trailers = reader.fields()
  return reader.over ? undefined : { signed, trailers }
}

/** Reads what was decoded before: whatever goes beyond the end reads as nothing, and tells. */
class Reader {
  readonly #bytes: Bytes
  at = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  /** Whether more was read than there is. */
  get over(): boolean {
    return this.at > this.#bytes.length
  }

  varint(): number {
    const begin = this.at
    this.at += varintLength(this.#bytes[begin] ?? 0)
    return this.over ? 0 : decodeVarint(this.#bytes.subarray(begin, this.at))
  }

  prefixed(): Bytes {
    const length = this.varint()
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  fields(): Field[] {
    const fields: Field[] = []
    for (let name = this.prefixed(); name.length > 0; name = this.prefixed())
      fields.push([decodeLatin1(name), decodeLatin1(this.prefixed())])
    return fields
  }
}
