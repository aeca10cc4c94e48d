import { equal } from './bytes.ts'
import { Refusal } from './refusal.ts'
import { encodeState, maxEntries, readState, type State, type Withdrawal } from './state.ts'

const nothing: State = { keys: [], withdrawals: [] }

const highest = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b), 0n)

/** What is known of withdrawals while a verification runs, PROTOCOL.md §20: what the caller kept, and what signatures proved since. */
export class Memory {
  /** undefined: the caller keeps none. */
  readonly kept: Uint8Array | undefined
  /** Why what was kept cannot be read; step `state` tells it. */
  readonly fault: Refusal | undefined
  /** There was no room for a set of keys. */
  isFull = false
  #state: State = nothing

  constructor(kept: Uint8Array | undefined) {
    this.kept = kept
    try {
      if (kept !== undefined) this.#state = readState(kept)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.fault = error
    }
  }

  get state(): State {
    return this.#state
  }

  /** What to keep after a failure: nothing of a key, and nothing at all where no document said anything new. */
  afterFailure(): Uint8Array | undefined {
    if (this.kept === undefined || this.fault !== undefined) return undefined
    const [before, now] = [encodeState(readState(this.kept)), encodeState(this.#state)]
    return equal(before, now) ? undefined : now
  }

  /** What is remembered of a set, with what older policies learned whose set led to this one. */
  of(keySetId: Uint8Array): Withdrawal {
    const own = this.#state.withdrawals.find((entry) => equal(entry.keySetId, keySetId))
    const led = this.#state.withdrawals.filter((entry) => entry === own || equal(entry.current, keySetId))
    return {
      keySetId,
      floor: highest(led.map(({ floor }) => floor)),
      date: highest(led.map(({ date }) => date)),
      current: own?.current ?? keySetId,
    }
  }

  /** Numbers only rise. */
  learn(keySetId: Uint8Array, news: { floor?: number; date?: number; current?: Uint8Array }): void {
    const known = this.of(keySetId)
    const entry = {
      keySetId,
      floor: highest([known.floor, BigInt(news.floor ?? 0)]),
      date: highest([known.date, BigInt(news.date ?? 0)]),
      current: news.current ?? known.current,
    }
    const others = this.#state.withdrawals.filter((other) => !equal(other.keySetId, keySetId))
    if (others.length === maxEntries) {
      this.isFull = true
      return
    }
    const withdrawals = [...others, entry].toSorted((a, b) => Buffer.compare(a.keySetId, b.keySetId))
    this.#state = { ...this.#state, withdrawals }
  }
}
