import { type Field, decodeLatin1 } from '../bhttp/fields.js'
import type { Bytes } from '../bytes.js'
import { decodeVarint, varintLength } from '../varint.js'

/** Reads Binary HTTP that was made or decoded before: whatever goes beyond the end reads as nothing, and tells. */
export class Reader {
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

  /** Field lines up to an empty name, or to the end. */
  fields(): Field[] {
    const fields: Field[] = []
    for (let name = this.prefixed(); name.length > 0; name = this.prefixed())
      fields.push([decodeLatin1(name), decodeLatin1(this.prefixed())])
    return fields
  }
}
