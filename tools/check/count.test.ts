import { expect, it } from 'vitest'
import { cargoCount, mutantCount, vitestCount, wordCount } from './count.ts'

it('adds up the test programs of cargo', () => {
  const output = [
    'running 3 tests',
    'test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s',
    'test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
  ].join('\n')
  expect(cargoCount(output)).toEqual({ passed: 6, failed: 1, skipped: 1 })
})

it('has no count when cargo did not get so far', () => {
  expect(cargoCount('error[E0425]: cannot find value `x`')).toBeUndefined()
})

it('reads the summary of Vitest', () => {
  const output =
    ' Test Files  1 failed | 3 passed (4)\n      Tests  2 failed | 20 passed | 1 skipped (23)\n   Start at  16:08:15\n'
  expect(vitestCount(output)).toEqual({ passed: 20, failed: 2, skipped: 1 })
})

it('counts a file that Vitest could not load, and errors outside of tests', () => {
  const broken = ' Test Files  1 failed | 3 passed (4)\n      Tests  20 passed (20)\n'
  expect(vitestCount(broken)).toEqual({ passed: 20, failed: 1, skipped: 0 })
  const unhandled = ' Test Files  3 passed (3)\n      Tests  20 passed (20)\n     Errors  1 error\n'
  expect(vitestCount(unhandled)).toEqual({ passed: 20, failed: 1, skipped: 0 })
})

it('reads the last words of Playwright', () => {
  expect(wordCount('step: 3 passed\n  1 failed\n  2 skipped\n  14 passed (1.2m)\n')).toEqual({
    passed: 14,
    failed: 1,
    skipped: 2,
  })
  expect(wordCount('nothing to see')).toBeUndefined()
})

it('reads the line of the mutants', () => {
  const line = '  sdk: a: noticed by b\n{"mutants": 8, "noticed": 6, "missed": ["a","b"]}\n'
  expect(mutantCount(line)).toEqual({ passed: 6, failed: 2, skipped: 0 })
  expect(mutantCount('{"mutants": 8, "noticed": 8}\n')).toEqual({ passed: 8, failed: 0, skipped: 0 })
  expect(mutantCount('patches that do not fit:')).toBeUndefined()
})
