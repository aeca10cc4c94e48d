/** A fixed number of things that are lent out, first come, first served. */
export class Slots<T> {
  readonly #free: T[]
  readonly #waiting: ((slot: T) => void)[] = []

  constructor(slots: readonly T[]) {
    this.#free = [...slots]
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get free(): number {
    return this.#free.length
  }

  /** Waits for a turn. When `signal` is aborted first, the place in the queue is given up and the promise rejects. */
  async take(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    const free = this.#free.shift()
    if (free !== undefined) return free
    return new Promise<T>((resolve, reject) => {
      const abandon = (): void => {
        const place = this.#waiting.indexOf(receive)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(signal.reason)
      }
      const receive = (slot: T): void => {
        signal.removeEventListener('abort', abandon)
        resolve(slot)
      }
      this.#waiting.push(receive)
      signal.addEventListener('abort', abandon, { once: true })
    })
  }

  giveBack(slot: T): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(slot)
    else next(slot)
  }
}
