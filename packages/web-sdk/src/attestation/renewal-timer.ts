/** Keys that live shorter are attested anew when a request needs them. */
const shortestMs = 1000
/** How early to begin at the most: a share of what is left, and enough for a service that has to try again. */
const leadShare = 0.07
const leadMs = 15_000

/**
 * How long to wait with the renewal of a key that has `leftMs`, in milliseconds. Spread at random, so that the clients of a
 * gateway whose epoch ends do not all come at once; after a failure in what is left of the time, ever closer to its end.
 */
export function waitMs(leftMs: number, afterFailure: boolean, random: number = Math.random()): number {
  const spread = 0.5 + random / 2
  if (afterFailure) return Math.max(shortestMs, (leftMs / 2) * spread)
  return leftMs - spread * Math.min(leftMs / 3, Math.max(leftMs * leadShare, leadMs))
}

/** A hidden page needs no key, and an offline one cannot renew it. */
function pageRests(): boolean {
  return globalThis.document?.visibilityState === 'hidden' || globalThis.navigator?.onLine === false
}

/**
 * Starts the renewal of a key before the key expires, if the key was used and the page is visible and online. Otherwise it
 * waits until all three hold. The timer does not keep a process of Node alive.
 */
export class RenewalTimer {
  readonly #renew: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #due = false
  #used = true

  constructor(renew: () => void) {
    this.#renew = renew
    globalThis.addEventListener?.('online', this.#consider)
    globalThis.addEventListener?.('visibilitychange', this.#consider)
  }

  /** Another key is held, for `leftMs`. */
  plan(leftMs: number): void {
    this.#wait(leftMs, false)
  }

  /** The renewal of the key failed, which is held for `leftMs` more. */
  retry(leftMs: number): void {
    this.#used = true
    this.#wait(leftMs, true)
  }

  /** The key is being used. */
  use(): void {
    this.#used = true
    this.#consider()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#due = false
  }

  close(): void {
    this.cancel()
    globalThis.removeEventListener?.('online', this.#consider)
    globalThis.removeEventListener?.('visibilitychange', this.#consider)
  }

  #wait(leftMs: number, afterFailure: boolean): void {
    this.cancel()
    if (leftMs < shortestMs) return
    const due = (): void => {
      this.#due = true
      this.#consider()
    }
    this.#timer = setTimeout(due, waitMs(leftMs, afterFailure))
    // Node's timers have it, those of browsers are numbers.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  readonly #consider = (): void => {
    if (!this.#due || !this.#used || pageRests()) return
    this.#due = false
    this.#used = false
    this.#renew()
  }
}
