import type { Bytes } from './bytes.js'

/**
 * Bytes that arrived and wait to be read. What is there is never moved when more arrives, so that reading a message costs
 * time in proportion to its length however it was split.
 */
export class ByteQueue {
  #pieces: Bytes[] = []
  /** The first piece not yet read to its end, and how far it was read. */
  #first = 0
  #offset = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(bytes: Bytes): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#length += bytes.length
  }

  /** The byte at the front, which stays there; `undefined` when empty. */
  peek(): number | undefined {
    return this.#pieces[this.#first]?.[this.#offset]
  }

  /**
   * Removes `length` bytes from the front: without a copy where they arrived together. There must be so many.
   *
   * @param memory where to put them together else, of at least their length; default: memory of their own
   */
  take(length: number, memory?: Bytes): Bytes {
    if (length > this.#length) throw new RangeError()
    if (length === 0) return new Uint8Array()
    const run = this.takeRun(length)
    if (run.length === length) return run
    const taken = memory?.subarray(0, length) ?? new Uint8Array(length)
    taken.set(run)
    for (let filled = run.length; filled < length;) {
      const next = this.takeRun(length - filled)
      taken.set(next, filled)
      filled += next.length
    }
    return taken
  }

  /** Removes at least one and at most `limit` bytes that arrived together, without a copy. The queue must not be empty. */
  takeRun(limit: number): Bytes {
    const piece = this.#pieces[this.#first]
    if (!piece) throw new RangeError()
    const run = piece.subarray(this.#offset, this.#offset + limit)
    this.#offset += run.length
    this.#length -= run.length
    if (this.#offset === piece.length) this.#dropFirst()
    return run
  }

  #dropFirst(): void {
    this.#offset = 0
    this.#first += 1
    // Shifting the array at every piece would be quadratic; shifting half of it now and then is not.
    if (this.#first < 64 && this.#first < this.#pieces.length) return
    if (this.#first * 2 < this.#pieces.length) return
    this.#pieces = this.#pieces.slice(this.#first)
    this.#first = 0
  }
}
