import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue } from '../src/byte-queue.js'
import { concat, utf8 } from '../src/bytes.js'
import { anySplits, cut, pattern } from './support/bytes.js'

test('gives back what was pushed, however it is cut', () => {
  fc.assert(
    fc.property(fc.nat(100_000), anySplits, anySplits, (length, pushes, takes) => {
      const bytes = pattern(length)
      const queue = new ByteQueue()
      for (const piece of cut(bytes, pushes)) queue.push(piece)
      const taken = cut(bytes, takes).map(({ length: part }) => queue.take(part))
      expect(concat(...taken)).toEqual(bytes)
      expect(queue.length).toBe(0)
      expect(queue.peek()).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('does not copy what arrived together', () => {
  const queue = new ByteQueue()
  const piece = pattern(100)
  queue.push(piece)
  expect(queue.take(60).buffer).toBe(piece.buffer)
})

test('what arrived apart is put together in the memory that is given for it', () => {
  const queue = new ByteQueue()
  for (const part of ['one ', 'two ', 'three']) queue.push(utf8(part))
  const memory = new Uint8Array(16)
  const taken = queue.take(6, memory)
  expect(taken).toEqual(utf8('one tw'))
  expect(taken.buffer).toBe(memory.buffer)
  expect(queue.take(1, memory).buffer).not.toBe(memory.buffer)
  expect(queue.take(6)).toEqual(utf8(' three'))
})

test('refuses to give more than it holds', () => {
  const queue = new ByteQueue()
  queue.push(pattern(3))
  expect(() => queue.take(4)).toThrow(RangeError)
})

test('holds a million small pieces in linear time', () => {
  const queue = new ByteQueue()
  const piece = pattern(16)
  const started = performance.now()
  for (let index = 0; index < 1_000_000; index += 1) queue.push(piece)
  for (let index = 0; index < 1_000; index += 1) queue.take(16_000)
  expect(queue.length).toBe(0)
  expect(performance.now() - started).toBeLessThan(5_000)
})
