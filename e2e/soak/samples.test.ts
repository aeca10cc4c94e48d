import { expect, test } from 'vitest'
import { judge, sampleOf, type Sample } from './samples.ts'

const at = (memoryKiB: number, files = 40): Sample => ({ atMs: 0, memoryKiB, files, threads: 4 })
const idle = at(20_000, 12)
const run = (memory: (index: number) => number): Sample[] => Array.from({ length: 40 }, (_, index) => at(memory(index)))

test('memory that fills and then stays is no growth', () => {
  const growth = judge(
    idle,
    run((index) => 30_000 + Math.min(index, 8) * 4000),
    at(30_000, 12),
  )
  expect(growth.faults).toEqual([])
  expect(growth.memoryKiB).toEqual([62_000, 62_000])
  expect(growth.files).toEqual([12, 40, 12])
})

test('memory that goes on growing is named, with both figures and the limit', () => {
  const growth = judge(
    idle,
    run((index) => 30_000 + index * 700),
    at(30_000, 12),
  )
  expect(growth.faults).toHaveLength(1)
  expect(growth.faults[0]).toMatch(/^memory grew from \d+ to \d+ KiB; at most \d+ are allowed$/)
})

test('one high moment is not growth', () => {
  expect(
    judge(
      idle,
      run((index) => (index === 39 ? 300_000 : 30_000)),
      at(30_000, 12),
    ).faults,
  ).toEqual([])
})

test('files that stay open after the load are named', () => {
  expect(
    judge(
      idle,
      run(() => 30_000),
      at(30_000, 17),
    ).faults,
  ).toEqual(['17 files are open after the load; at most 16 may be'])
})

test('too few samples say nothing', () => {
  expect(() => judge(idle, run(() => 1).slice(0, 11), idle)).toThrow('12 samples')
})

test('a sample is of the process that is named', () => {
  const { memoryKiB, files, threads } = sampleOf(process.pid, 0)
  expect(memoryKiB).toBeGreaterThan(10_000)
  expect(files).toBeGreaterThan(3)
  expect(threads).toBeGreaterThan(1)
})
