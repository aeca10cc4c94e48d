import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { VerifyInput } from '@blindllama/verifier-wasm'
import { KEM_X25519_SHA256, suitesOf } from '../../src/ohttp/suite.js'
import type * as Loading from '../../src/verifier/load.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { pattern, utf8 } from '../support/bytes.js'
import { readWasm, wasmFile } from '../support/wasm.js'

const policy = {
  version: 1,
  anchors: [{ kind: 'simulated', name: `000b${'11'.repeat(32)}` }],
  acceptAssurance: ['simulated'],
  pcrs: { bank: 'sha256', rules: { 4: 'golden' } },
  releases: [{ name: 'one', pcrs: { 4: '22'.repeat(32) }, configDigests: ['33'.repeat(32)] }],
}

let verifier: Verifier
let loadVerifier: typeof Loading.loadVerifier

beforeEach(async () => {
  // The glue holds its instance in its module: a fresh one for each test.
  vi.resetModules()
  ;({ loadVerifier } = await import('../../src/verifier/load.js'))
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

/** The verifier with another name of one of its codes: a module that works and has another hash. */
async function altered(): Promise<WebAssembly.Module> {
  const bytes = readWasm()
  const at = Buffer.from(bytes).indexOf('policy.syntax')
  expect(at).toBeGreaterThan(0)
  bytes.set(utf8('POLICY'), at)
  return WebAssembly.compile(bytes)
}

function codeOf(of: Verifier): string {
  const verdict = of.verify(input({ policy: utf8('{') }))
  return verdict.result === 'fail' ? verdict.code : expect.unreachable('no policy')
}

describe('a module that its caller compiled', () => {
  beforeEach(async () => {
    vi.resetModules()
    ;({ loadVerifier } = await import('../../src/verifier/load.js'))
  })

  test('never serves callers who were promised the hash', async () => {
    const own = await loadVerifier(await altered())
    expect(codeOf(own)).toBe('POLICY.syntax')
    const promised = await loadVerifier(wasmFile)
    expect(codeOf(promised)).toBe('policy.syntax')
    expect(codeOf(own), 'each keeps its own').toBe('POLICY.syntax')
    await expect(loadVerifier('https://service.example/other.wasm')).resolves.toBe(promised)
  })

  test('is not looked past where one runs that was checked', async () => {
    await loadVerifier(wasmFile)
    expect(codeOf(await loadVerifier(await altered()))).toBe('POLICY.syntax')
  })

  test('leaves the next source to be checked', async () => {
    await loadVerifier(await altered())
    await expect(loadVerifier(new Uint8Array(8))).rejects.toMatchObject({ code: 'wasm.integrity' })
  })
})
