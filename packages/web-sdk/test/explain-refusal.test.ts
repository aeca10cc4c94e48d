import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { remedies } from '../src/generated/remedies.js'
import { explainRefusal } from '../src/sentences.js'
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
