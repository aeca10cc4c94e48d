import { demand } from '../refusal.ts'

/** Reads TPM structures as they are marshalled (TPM 2.0 Part 1 §4.2 and Part 2 §4): big-endian, without padding. */
export class TpmReader {
  readonly #bytes: Uint8Array
  readonly #code: string
  #offset = 0

  /** What does not fit is refused with `code`. */
  constructor(bytes: Uint8Array, code: string) {
    this.#bytes = bytes
    this.#code = code
  }

  take(length: number): Uint8Array {
    demand(length <= this.#bytes.length - this.#offset, this.#code, 'ends too early')
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  uint8(): number {
    return this.take(1)[0] as number
  }

  uint16(): number {
    return this.#view(2).getUint16(0)
  }

  uint32(): number {
    return this.#view(4).getUint32(0)
  }

  uint64(): bigint {
    return this.#view(8).getBigUint64(0)
  }

  /** A TPM2B of at most `max` bytes, Part 2 §10.4. */
  sized(max: number): Uint8Array {
    const length = this.uint16()
    demand(length <= max, this.#code, `${length} bytes where at most ${max} fit`)
    return this.take(length)
  }

  end(): void {
    demand(this.#offset === this.#bytes.length, this.#code, 'bytes after the structure')
  }

  #view(length: number): DataView {
    const bytes = this.take(length)
    return new DataView(bytes.buffer, bytes.byteOffset, length)
  }
}
