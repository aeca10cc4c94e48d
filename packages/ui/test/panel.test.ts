// @vitest-environment jsdom
import type { Report } from '@blindllama/web-sdk'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { shownEvents, timeline } from '../src/panel/boot.js'
import { suiteTitle } from '../src/panel/facts.js'
import { isExplained, type Measured } from '../src/panel/measurements.js'
import { stepSummary } from '../src/panel/steps.js'
import { de } from '../src/strings/de.js'
import { en } from '../src/strings/en.js'
import { duration } from '../src/words.js'

type Log = NonNullable<Report['eventLog']>
type LoggedEvent = Log['events'][number]

function event(change: Partial<LoggedEvent>): LoggedEvent {
  const usual = { type: 'EV_IPL', subject: 'kernel', description: 'linux', verified: true, digest: 'ab' }
  return { index: 1, pcr: 9, ...usual, ...change }
}

function logOf(...events: LoggedEvent[]): Log {
  return { bank: 'sha256', unexplained: [], findings: [], events }
}

function drawn(log: Log, strings = en): HTMLElement {
  const place = document.createElement('div')
  place.append(...timeline(log, strings))
  return place
}

const text = (place: Element, selector: string): string => place.querySelector(selector)?.textContent ?? ''

describe('an event of a boot', () => {
  test('is shown as measured for what was measured alone: what the log calls it is a claim, on every event', () => {
    const place = drawn(logOf(event({ description: 'linux', subject: 'db' })), de)
    expect(text(place, 'bdi')).toBe('linux')
    expect(text(place, '.measured')).toBe('gemessen: Das TPM hat genau dies in PCR 9 gemessen')
    expect(text(place, '.claimed')).toContain('Erlaubte Unterzeichner')
    expect(text(drawn(logOf(event({ subject: 'db' }))), '.claimed')).toBe('claimed by the log: what this is, “db”')
  })

  test('is a claim as a whole where the digest is not that of what is shown', () => {
    const place = drawn(logOf(event({ verified: false })))
    expect(place.querySelector('.measured')).toBeNull()
    expect(place.querySelector('[data-verified=false]')).not.toBeNull()
    expect(text(place, '.claimed')).toBe('claimed by the log: the TPM measured this into PCR 9, as “kernel”')
  })

  test('is not left out because the log calls it a separator, but because it measured one', () => {
    const separators = ['00000000', 'ffffffff'].map((description) => event({ subject: 'separator', description }))
    expect(shownEvents(logOf(...separators, event({ description: '00000000' })))).toEqual([])
    const called = event({ subject: 'separator', description: 'rootkit' })
    const unproven = event({ subject: 'separator', description: '00000000', verified: false })
    expect(shownEvents(logOf(called, unproven)).map(({ description }) => description)).toEqual(['rootkit', '00000000'])
  })

  test('is left out as a remark, which extends nothing', () => {
    expect(shownEvents(logOf(event({ subject: 'remark' })))).toEqual([])
  })

  test('keeps the direction of its text to itself', () => {
    expect(text(drawn(logOf(event({ description: '\u202Egnp.exe' }))), 'bdi')).toBe('\u202Egnp.exe')
  })
})

test('Secure Boot is said to be on or off only where the measurements prove it', () => {
  const log = logOf()
  expect(drawn(log).textContent).toContain('does not prove')
  expect(drawn({ ...log, secureBoot: true }).textContent).toContain('Secure Boot was on, as the measurements prove.')
  expect(drawn({ ...log, secureBoot: false }).textContent).toContain('Secure Boot was off, as the measurements prove.')
})

test('values that the log does not explain are named', () => {
  expect(drawn({ ...logOf(event({})), unexplained: [10, 14] }).textContent).toContain('PCR 10, 14.')
})

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()
const zero = Buffer.alloc(32)
const [a, b] = [sha256('a'), sha256('b')]
const measured = (...digests: Buffer[]): Measured[] =>
  digests.map((digest) => ({ name: 'file', sha256: digest.toString('hex'), pcr: 9 }))

describe('what led to the value of a PCR', () => {
  test('is recomputed from the measurements, in their order', async () => {
    const value = sha256(sha256(zero, a), b).toString('hex')
    expect(await isExplained(measured(a, b), value)).toBe(true)
    expect(await isExplained(measured(b, a), value)).toBe(false)
    expect(await isExplained(measured(a), value)).toBe(false)
  })

  test('may begin with what firmware measures when it hands over', async () => {
    const separator = sha256(Buffer.alloc(4))
    const call = sha256('Calling EFI Application from Boot Option')
    expect(await isExplained(measured(a), sha256(sha256(zero, separator), a).toString('hex'))).toBe(true)
    const afterCall = sha256(sha256(sha256(zero, call), separator), a).toString('hex')
    expect(await isExplained(measured(a), afterCall)).toBe(true)
  })
})

describe('words for values', () => {
  test('name the suite, and show the number of what they do not know', () => {
    expect(suiteTitle({ kemId: 0x20, kdfId: 1, aeadId: 1 })).toBe('X25519, HKDF-SHA256, AES-128-GCM')
    expect(suiteTitle({ kemId: 0x99, kdfId: 1, aeadId: 3 })).toBe('0x0099, HKDF-SHA256, 0x0003')
  })

  test('count time in hours, minutes and seconds', () => {
    expect([59_001, 60_000, 3_599_000, 86_400_000, -1].map(duration)).toEqual([
      '1 min 00 s',
      '1 min 00 s',
      '59 min 59 s',
      '24 h 0 min 00 s',
      '0 min 00 s',
    ])
  })

  test('count checks, failures first', () => {
    const steps = (['pass', 'pass', 'warn', 'fail', 'skipped'] as const).map(
      (status) => ({ id: 'policy', status, code: 'ok', detail: '' }) as const,
    )
    expect(stepSummary(steps, en)).toBe('Failed 1 · Passed 2 · Warning 1 · Not checked 1')
  })
})
