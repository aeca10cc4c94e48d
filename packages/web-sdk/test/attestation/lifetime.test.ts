import { describe, expect, test } from 'vitest'
import { Lifetime } from '../../src/attestation/lifetime.js'

const hour = 3_600_000
const start = { monotonic: 1_000, wall: 1_700_000_000_000 }

function later(monotonicMs: number, wallMs = monotonicMs): { monotonic: number; wall: number } {
  return { monotonic: start.monotonic + monotonicMs, wall: start.wall + wallMs }
}

describe('a lifetime of an hour', () => {
  test('counts down on both clocks', () => {
    const lifetime = new Lifetime(start, hour)
    expect(lifetime.remainingMs(later(0))).toBe(hour)
    expect(lifetime.remainingMs(later(hour - 1))).toBe(1)
    expect(lifetime.remainingMs(later(hour))).toBe(0)
  })

  test('goes by the clock that ran further, within what drift explains', () => {
    expect(new Lifetime(start, hour).remainingMs(later(600_000, 605_000))).toBe(hour - 605_000)
    expect(new Lifetime(start, hour).remainingMs(later(605_000, 600_000))).toBe(hour - 605_000)
  })

  test.each([
    ['the wall clock was set back by a minute', later(600_000, 540_000)],
    ['the wall clock was set forward by a minute', later(600_000, 660_000)],
    ['the machine slept and the monotonic clock with it', later(600_000, 900_000)],
    ['the monotonic clock ran backwards', later(-1, 100)],
    ['the wall clock is before the start', later(20_000, -1_000)],
    ['a clock reads no number', { monotonic: Number.NaN, wall: start.wall }],
  ])('is over where %s', (_, now) => {
    expect(new Lifetime(start, hour).remainingMs(now)).toBe(0)
  })

  test('never comes back once it is over', () => {
    const lifetime = new Lifetime(start, hour)
    expect(lifetime.remainingMs(later(hour + 1))).toBe(0)
    expect(lifetime.remainingMs(later(10))).toBe(0)
    const ended = new Lifetime(start, hour)
    ended.end()
    expect(ended.remainingMs(later(0))).toBe(0)
  })
})
