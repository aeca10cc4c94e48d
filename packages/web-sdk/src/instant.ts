/** A pair of readings of the clock that cannot be set and of the one that can, in milliseconds. */
export interface Instant {
  monotonic: number
  wall: number
}

export function instant(): Instant {
  return { monotonic: performance.now(), wall: Date.now() }
}
