import { demand } from '../refusal.ts'

/** Reads the structures of firmware: little-endian, packed. */
export class LogReader {
  readonly #bytes: Uint8Array
  readonly #code: string
  #offset = 0

  constructor(bytes: Uint8Array, code = 'eventlog.truncated') {
    this.#bytes = bytes
    this.#code = code
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#offset)
  }

  take(length: number): Uint8Array {
    demand(length <= this.rest.length, this.#code, 'ends too early')
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  uint8(): number {
    return this.take(1)[0] as number
  }

  uint16(): number {
    return this.#view(2).getUint16(0, true)
  }

  uint32(): number {
    return this.#view(4).getUint32(0, true)
  }

  uint64(): bigint {
    return this.#view(8).getBigUint64(0, true)
  }

  /** What an event carries, after its size. */
  eventData(): Uint8Array {
    const size = this.uint32()
    demand(size <= this.rest.length, 'eventlog.event_size', `${size} bytes of data`)
    return this.take(size)
  }

  #view(length: number): DataView {
    const bytes = this.take(length)
    return new DataView(bytes.buffer, bytes.byteOffset, length)
  }
}
