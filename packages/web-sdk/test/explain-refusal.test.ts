import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BlindLlamaError } from '../src/errors.js'
import { remedies } from '../src/generated/remedies.js'
import { explainRefusal } from '../src/sentences.js'
import type { Policy } from '../src/policy.js'
import type { FailedVerdict } from '../src/verdict.js'
import { loadVerifier } from '../src/verifier/load.js'
import { readWasm } from './support/wasm.js'

interface Vector {
  name: string
  evidence: string
  policy: string
  audience: string
  nonce: string
  nowMs: number
  allowSimulated: boolean
  versions: number[]
  suites: [number, number, number][]
}

const bundles: URL = new URL('../../../spec/vectors/bundles/', import.meta.url)

/** What the real verifier says of a vector. */
async function judged(name: string): Promise<{ verdict: FailedVerdict; policy: string; audience: string }> {
  const vector = JSON.parse(readFileSync(new URL(`${name}.json`, bundles), 'utf8')) as Vector
  const verifier = await loadVerifier(readWasm())
  const verdict = verifier.verify({
    ...vector,
    evidence: Buffer.from(vector.evidence, 'hex'),
    policy: new TextEncoder().encode(vector.policy),
    nonce: Buffer.from(vector.nonce, 'hex'),
  }) as FailedVerdict
  return { verdict, policy: vector.policy, audience: vector.audience }
}

test('takes the error as well as its verdict, and the policy in every form', async () => {
  const { verdict, policy, audience } = await judged(first('claims.audience'))
  const error = new BlindLlamaError(verdict.code, 'x', { verdict })
  const said = explainRefusal(verdict, { policy, audience })
  expect(explainRefusal(error, { policy, audience })).toBe(said)
  for (const form of [new TextEncoder().encode(policy), JSON.parse(policy) as Policy])
    expect(explainRefusal(verdict, { policy: form, audience })).toBe(said)
})

test.each([
  undefined,
  null,
  {},
  { result: 'pass' },
  new Error('x'),
  'ak.simulated',
  new BlindLlamaError('client.idle', 'x'),
])('%j is no refusal, and is client.options', (refusal) => {
  const explain = (): string => explainRefusal(refusal as FailedVerdict, { policy: '{}' })
  expect(explain).toThrow(expect.objectContaining({ code: 'client.options' }) as Error)
})

test('a refusal without what it was judged by is client.options', async () => {
  const { verdict } = await judged(first('claims.audience'))
  const explain = explainRefusal as (refusal: FailedVerdict) => string
  expect(() => explain(verdict)).toThrow(expect.objectContaining({ code: 'client.options' }) as Error)
})

test('names the member that was meant', async () => {
  const verifier = await loadVerifier(readWasm())
  const { policy } = JSON.parse(readFileSync(new URL('ok-ecc.json', bundles), 'utf8')) as Vector
  const verdict = verifier.verify({
    evidence: new Uint8Array(),
    policy: new TextEncoder().encode(policy.replace('"anchors"', '"ancors"')),
    audience: '',
    nonce: new Uint8Array(32),
    nowMs: 0,
    allowSimulated: false,
    versions: [1],
    suites: [[0x20, 1, 1]],
  }) as FailedVerdict
  expect(verdict).toMatchObject({ code: 'policy.syntax', detail: 'anchors' })
  const misspelt = { ...(JSON.parse(policy) as object), ancors: [] }
  expect(explainRefusal(verdict, { policy: misspelt as unknown as Policy })).toContain(
    '; "ancors": did you mean anchors?)',
  )
  expect(explainRefusal(verdict, { policy })).toContain('(anchors)')
  expect(explainRefusal(verdict, { policy: '{}' })).toContain('(anchors; it is missing)')
})

const first = (code: string): string => {
  for (const file of readdirSync(bundles)) {
    const { name, code: own } = JSON.parse(readFileSync(new URL(file, bundles), 'utf8')) as Vector & { code: string }
    if (own === code && !name.startsWith('order-')) return name
  }
  throw new Error(`no vector of ${code}`)
}

describe('a refusal names what was expected and found:', () => {
  test('the PCR with both values', async () => {
    const { verdict, policy, audience } = await judged(first('pcr.mismatch'))
    const index = Number(/PCR (\d+)/.exec(verdict.detail)?.[1])
    const actual = verdict.pcrs?.values.find((pcr) => pcr.index === index)?.value
    const expected = (JSON.parse(policy) as { releases: { pcrs: Record<string, string> }[] }).releases[0]?.pcrs[index]
    expect(actual).toMatch(/^[0-9a-f]{64}$/)
    expect(expected).toMatch(/^[0-9a-f]{64}$/)
    expect(explainRefusal(verdict, { policy, audience })).toContain(`PCR ${index} is ${actual}, expected ${expected}`)
  })

  test('the kinds of anchors that were tried', async () => {
    const { verdict, policy } = await judged(first('ak.untrusted'))
    expect(explainRefusal(verdict, { policy: new TextEncoder().encode(policy) })).toContain('anchors of the policy: ')
  })

  test('the audience that was asked for and those of the gateway', async () => {
    const { verdict, policy, audience } = await judged(first('claims.audience'))
    const asked = (JSON.parse(policy) as { audience?: string }).audience ?? audience
    expect(verdict.claims?.audiences.length).toBeGreaterThan(0)
    expect(explainRefusal(verdict, { policy, audience })).toContain(
      `asked for ${asked}, the gateway serves ${verdict.claims?.audiences.join(', ')}`,
    )
  })
})

test('every refusal says what to do, also with a policy that nobody can read', () => {
  const verdict: FailedVerdict = { version: 1, result: 'fail', code: 'policy.syntax', detail: 'byte 3', steps: [] }
  expect(explainRefusal(verdict, { policy: '{' })).toBe(
    `The policy is not the strict JSON that this verifier reads. (byte 3) ${remedies['policy.syntax'].slice(0, -1)}`,
  )
  for (const remedy of Object.values(remedies)) expect(remedy).toMatch(/^[A-Z].*\.$/)
})
