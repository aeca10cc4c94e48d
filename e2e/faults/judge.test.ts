import { expect, test } from 'vitest'
import { type Ended, streamed } from '../failover/visitor.ts'
import { askAfterwards } from './afterwards.ts'
import type { Fault, Kind } from './faults.ts'
import { defectsOf, figuresOf, type Visit, withinMs } from './judge.ts'
import { randomFrom, shuffled } from './random.ts'

const kinds: readonly Kind[] = ['gateway', 'model server', 'proxy', 'TPM']
const kills = kinds.map((kind): Fault => ({ kind, killedAt: 1000, backAt: 1500 }))
const ended = (id: string, beganAt: number, more: Partial<Ended> = {}): Ended => ({
  id,
  resent: 0,
  beganAt,
  firstAt: beganAt + 100,
  silentlyTruncated: false,
  ...more,
})

/** A visit with one request before the fault, one that it met, and one after it. */
function visit(resend: Visit['resend'], met: Partial<Ended>, last: Partial<Ended> = {}): Visit {
  const end = ended('c', 2000, last)
  return { resend, ended: [ended('a', 0), ended('b', 900, met), end], last: end }
}

const defects = (visits: readonly Visit[], runs: Record<string, number> = {}, faults = kills): readonly string[] =>
  defectsOf(visits, figuresOf(visits, faults), new Map(Object.entries({ a: 1, b: 1, c: 1, ...runs })))

test('a code and a working next request are no defect', () => {
  expect(defects([visit('never', { code: 'channel.truncated' })])).toEqual([])
  expect(defects([visit('default', { code: 'http.502' })])).toEqual([])
  expect(defects([visit('default', { resent: 1 })], { b: 2 })).toEqual([])
})

test.each<[string, Visit, Record<string, number>]>([
  ['without an error', visit('default', { silentlyTruncated: true }), {}],
  ['is no code', visit('default', { code: 'TypeError: terminated' }), {}],
  ["run 2 times under resend 'never'", visit('never', {}), { b: 2 }],
  ["sent again under resend 'never'", visit('never', { resent: 1 }), {}],
  ['0 repetitions were announced', visit('default', {}), { b: 2 }],
  ['did not run it', visit('default', {}), { b: 0 }],
  ['after all faults', visit('default', { code: 'channel.truncated' }, { code: 'evidence.unreachable' }), {}],
  ['no answer for', visit('default', {}, { beganAt: 1000, firstAt: 1001 + withinMs('gateway') }), {}],
  ['no fault met a request', visit('default', {}), {}],
])('a defect is told: %s', (said, one, runs) => {
  expect(defects([one], runs).join('\n')).toContain(said)
})

test('a fault that nothing outlived is told', () => {
  expect(
    defects([visit('default', { code: 'channel.truncated' }, { code: 'channel.truncated' })]).join('\n'),
  ).toContain('Infinity ms')
})

test('a machine may take longer than its parts, and nothing counts what it ran', () => {
  const late = 1000 + withinMs('gateway')
  const slow = [visit('default', { code: 'channel.truncated' }, { beganAt: late, firstAt: late + 1000 })]
  const judged = (kind: Kind): readonly string[] =>
    defectsOf(slow, figuresOf(slow, [{ kind, killedAt: 1000, backAt: 1500 }]), undefined)
  expect(judged('VM')).toEqual([])
  expect(judged('gateway').join('\n')).toContain('gateway: a visitor had no answer for')
  const cut = [visit('never', { silentlyTruncated: true, resent: 1 })]
  expect(defectsOf(cut, figuresOf(cut, []), undefined)).toHaveLength(2)
})

test.each<[Visit['resend'], readonly (string | undefined)[], string | undefined, number]>([
  ['default', ['request.unknown_fate', undefined], 'request.unknown_fate', 1],
  ['never', ['request.unknown_fate', undefined], undefined, 2],
  ['never', ['request.unknown_fate', 'request.unknown_fate', undefined], 'request.unknown_fate', 2],
  ['never', ['channel.truncated', undefined], 'channel.truncated', 1],
  ['never', [undefined], undefined, 1],
])("after the faults, under resend '%s', %j ends in %s", async (resend, codes, last, asked) => {
  const left = [...codes]
  const ask = async (): Promise<Ended> => {
    const code = left.shift()
    return ended('z', 3000, code === undefined ? {} : { code })
  }
  expect((await askAfterwards(resend, ask)).code).toBe(last)
  expect(codes.length - left.length).toBe(asked)
})

test('an answer of a model is whole where its stream says so', () => {
  const { isWhole } = streamed('m')
  const end = 'data: {"choices":[{"finish_reason":"length"}]}\n\n'
  expect(isWhole(`${end}data: [DONE]\n\n`, 1)).toBe(true)
  expect(isWhole(end, 1), 'without its last event').toBe(false)
  expect(isWhole('data: {"choices":[{"finish_reason":null}]}\n\ndata: [DONE]\n\n', 1), 'without a reason').toBe(false)
})

const order = (seed: number): string => shuffled([...'abcdefgh'], randomFrom(seed)).join('')

test('a seed gives the same order again', () => {
  expect(order(7)).toBe(order(7))
  expect(new Set([1, 2, 3, 4].map(order)).size).toBe(4)
  const numbers = Array.from({ length: 1000 }, randomFrom(9))
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
})
