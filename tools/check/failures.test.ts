import { expect, test } from 'vitest'
import { failuresOf } from './failures.ts'

const lines = (...text: string[]): string => text.join('\n')
const many = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}`).join('\n')

test.each([
  [
    'Playwright',
    '  1) [chromium] › visits.spec.ts:23:3 › a second visit ─────',
    '    Error: expect(received).toBe(expected)',
  ],
  ['cargo', '---- admission::a_key stdout ----', "thread 'admission::a_key' panicked at tests/admission.rs:4:5:"],
  ['Vitest', ' FAIL  test/policy.test.ts > a policy without a date', 'AssertionError: expected 1 to be 2'],
  ['Go', '--- FAIL: TestVectors (0.01s)', '    vectors_test.go:12: differs'],
])('of %s, the failure is told and not what passed', (_tool, heading, error) => {
  const told = failuresOf(lines(many(50), heading, error, '', many(50)))
  expect(told.split('\n').slice(0, 2)).toEqual([heading, error])
  expect(told.split('\n')).toHaveLength(12)
})

test('three failures are told, each up to the next', () => {
  const printed = [1, 2, 3, 4].map(
    (number) => `  ${number}) [firefox] › a.spec.ts:1:1 › ${number}\n    Error: ${number}`,
  )
  expect(failuresOf(printed.join('\n'))).toBe(printed.slice(0, 3).join('\n'))
})

test('where no failure can be told from the rest, the end is told', () => {
  expect(failuresOf(`${many(40)}\n`)).toBe(many(40).split('\n').slice(-12).join('\n'))
})
