import { beforeEach, describe, expect, test, vi } from 'vitest'
import { KEM_X25519_SHA256, suitesOf } from '../../src/ohttp/suite.js'
import type { Verifier, VerifyInput } from '../../src/verifier/verifier.js'
import { pattern, utf8 } from '../support/bytes.js'
import { wasmFile } from '../support/wasm.js'

const policy = {
  version: 1,
  anchors: [{ kind: 'simulated', name: `000b${'11'.repeat(32)}` }],
  acceptAssurance: ['simulated'],
  pcrs: { bank: 'sha256', rules: { 4: 'golden' } },
  releases: [{ name: 'one', pcrs: { 4: '22'.repeat(32) }, configDigests: ['33'.repeat(32)] }],
}

let verifier: Verifier

beforeEach(async () => {
  // The glue holds its instance in its module: a fresh one for each test.
  vi.resetModules()
  const { loadVerifier } = await import('../../src/verifier/load.js')
  verifier = await loadVerifier(wasmFile)
  expect(await loadVerifier('nowhere, and not asked'), 'one verifier serves the page').toBe(verifier)
})

function input(change: Partial<VerifyInput> = {}): VerifyInput {
  return {
    evidence: pattern(100),
    policy: utf8(JSON.stringify(policy)),
    audience: 'https://service.example',
    nonce: pattern(32),
    nowMs: 1_700_000_000_000,
    allowSimulated: true,
    versions: [1],
    suites: suitesOf([{ id: KEM_X25519_SHA256 }]),
    ...change,
  }
}

describe('the real verifier', () => {
  test('reports every step, of which the first that fails decides', () => {
    const verdict = verifier.verify(input())
    expect(verdict).toMatchObject({ result: 'fail', code: expect.stringMatching(/^bundle\./) })
    expect(verdict.steps.slice(0, 2).map(({ id, status }) => [id, status])).toEqual([
      ['policy', 'pass'],
      ['bundle', 'fail'],
    ])
    expect(verdict.steps.slice(2).every(({ status }) => status === 'skipped')).toBe(true)
    expect(verdict.steps.at(-1)?.id).toBe('key')
    expect('key' in verdict).toBe(false)
  })

  test('reads the policy as text, strictly', () => {
    const text = JSON.stringify(policy).replace('"version":1', '"version":1,"version":1')
    expect(verifier.verify(input({ policy: utf8(text) }))).toMatchObject({ result: 'fail', code: 'policy.syntax' })
  })

  test('takes no static part from what is not a bundle', () => {
    expect(verifier.staticPart(pattern(100))).toBeUndefined()
  })

  test('that stopped in the middle of its work leaves nothing behind for the next call', () => {
    const before = verifier.verify(input())
    expect(() => verifier.verify(input({ nonce: pattern(31) }))).toThrow(expect.objectContaining({ code: 'wasm.trap' }))
    expect(verifier.verify(input())).toEqual(before)
  })
})
