import { type Instant, instant } from '../instant.js'

/** How far the two clocks may drift apart by themselves: 10 s and a thousandth of the time that passed. */
const slackMs = 10_000
const slackShare = 1 / 1000

/**
 * How long a key may be used (PROTOCOL.md §8): `validForMs` from `start`, on the stricter of both clocks. Where they
 * disagree by more than drift explains, one was set or the machine slept: the time is then over.
 */
export class Lifetime {
  readonly #start: Instant
  readonly #validForMs: number
  #ended = false

  constructor(start: Instant, validForMs: number) {
    this.#start = start
    this.#validForMs = validForMs
  }

  /** Milliseconds left, 0 once it is over; it never comes back. */
  remainingMs(now: Instant = instant()): number {
    const monotonic = now.monotonic - this.#start.monotonic
    const wall = now.wall - this.#start.wall
    const left = this.#validForMs - Math.max(monotonic, wall)
    const jumped = Math.abs(wall - monotonic) > slackMs + Math.max(0, monotonic) * slackShare
    // Negated so that a clock which reads NaN ends the lifetime too.
    if (!(left > 0 && monotonic >= 0 && !jumped)) this.#ended = true
    return this.#ended ? 0 : left
  }

  end(): void {
    this.#ended = true
  }
}
