import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../tools/run/command.ts'
import { resultOf as ofRust } from './rust-tests.ts'
import { resultOf as ofVitest, type JsonReport } from './vitest-result.ts'

const outcome = (reason: string, stdout = ''): Outcome => ({ ok: false, output: stdout, stdout, reason, elapsedMs: 1 })

describe('a run of Rust tests', () => {
  test.each(['SIGABRT', 'SIGSEGV', 'SIGILL', 'SIGTRAP'])(
    'that a fault of its own ends with %s has failed',
    (signal) => {
      expect(ofRust(outcome(`ended with ${signal}`), 1)).toEqual({ kind: 'failed', test: `ended with ${signal}` })
    },
  )

  test.each(['SIGKILL', 'SIGTERM', 'SIGXCPU', 'SIGHUP'])(
    'that another process ends with %s tells nothing',
    (signal) => {
      expect(ofRust(outcome(`ended with ${signal}`), 1)).toMatchObject({ kind: 'broken' })
    },
  )

  test('beyond its time is late, and a failed test has failed', () => {
    expect(ofRust(outcome('took longer than 180 s'), 1)).toMatchObject({ kind: 'late' })
    const printed = 'test a::b ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured\n'
    expect(ofRust(outcome('ended with status 101', printed), 1)).toEqual({ kind: 'failed', test: 'a::b' })
  })
})

const failed = (fullName: string, ...failureMessages: string[]) => ({ status: 'failed', fullName, failureMessages })
const ofTests = (...assertionResults: JsonReport['testResults'][number]['assertionResults'][number][]) =>
  ofVitest(
    { testResults: [{ name: '/copy/test/a.test.ts', message: '', assertionResults }] },
    '/copy',
    ['test/a.test.ts'],
    false,
    '',
  )

/** As Vitest reports it: the stack of the error. */
const timeout =
  'Error: Test timed out in 5000ms.\nIf this is a long-running test, pass a timeout value.\n    at test/a.test.ts:1:1'

describe('a run of Vitest', () => {
  test('whose only failure is a bound of time of Vitest is late', () => {
    expect(ofTests(failed('a waits', timeout))).toEqual({
      kind: 'late',
      what: 'a waits: Error: Test timed out in 5000ms.',
    })
    expect(ofTests(failed('a waits', timeout.replace('Test', 'Hook')))).toMatchObject({ kind: 'late' })
  })

  test('with a failed assertion has failed, also where another test was late', () => {
    const assertion = failed('a counts', 'AssertionError: expected 1 to be 2')
    expect(ofTests(failed('a waits', timeout), assertion)).toEqual({ kind: 'failed', test: 'a counts' })
    expect(ofTests(failed('both', timeout, 'AssertionError: expected 1 to be 2'))).toEqual({
      kind: 'failed',
      test: 'both',
    })
    expect(ofTests(failed('without a message'))).toEqual({ kind: 'failed', test: 'without a message' })
  })

  test('without a test tells nothing', () => {
    expect(ofTests()).toMatchObject({ kind: 'broken' })
  })
})
