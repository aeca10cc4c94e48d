import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { refusal } from '../src/attestation/refusal.js'
import { remedies } from '../src/generated/remedies.js'
import { ofCodes, ofSteps } from '../src/generated/sentences.js'
import { sentenceOfRefusal, sentenceOfStep } from '../src/sentences.js'
import type { FailedVerdict } from '../src/verdict.js'

const failed = (detail: string): FailedVerdict => ({
  version: 1,
  steps: [],
  result: 'fail',
  code: 'chain.expired',
  detail,
})

const judged = { policy: '{}', audience: 'https://service.example' }

const registry = (name: string): string =>
  readFileSync(
    new URL(name === 'codes' ? '../../../spec/codes.toml' : '../../verifier-wasm/steps.toml', import.meta.url),
    'utf8',
  )

afterEach(() => {
  vi.doUnmock('../src/explain.js')
  vi.useRealTimers()
})

test('a step says what its pass proves, or why it did not pass and where', () => {
  const step = { id: 'signature', status: 'pass', code: 'ok', detail: '' } as const
  expect(sentenceOfStep(step)).toBe('The attestation key signed this quote.')
  expect(sentenceOfStep({ id: 'ak.trust', status: 'fail', code: 'chain.expired', detail: 'certificate 1' })).toBe(
    'A certificate of the chain has expired. (certificate 1)',
  )
  expect(sentenceOfStep({ ...step, status: 'skipped', code: 'verdict.not_required' })).toBe(
    'The policy does not ask for this check.',
  )
  expect(sentenceOfRefusal(failed(''))).toBe('A certificate of the chain has expired.')
})

test('there is a sentence for every step and code of the registries', () => {
  const codes = [...registry('codes').matchAll(/^\[([a-z]+(?:\.[a-z_]+)?)\]\nby = \[.*"verifier"/gm)]
  expect(Object.keys(ofCodes)).toEqual(codes.map(([, code]) => code))
  expect(Object.keys(ofSteps)).toEqual([...registry('steps').matchAll(/^"(.+)" = /gm)].map(([, id]) => id))
  for (const sentence of Object.values({ ...ofCodes, ...ofSteps })) expect(sentence).toMatch(/^[A-Z].*\.$/)
})

test('a refusal has its sentence, its place, its code and its verdict', async () => {
  const verdict = failed('certificate 1')
  expect(await refusal(verdict, judged)).toMatchObject({
    message: `A certificate of the chain has expired. (certificate 1) ${remedies['chain.expired'].slice(0, -1)} (chain.expired)`,
    code: 'chain.expired',
    verdict,
  })
})

test('a refusal whose sentences do not come has all of that but the sentence', async () => {
  vi.doMock('../src/explain.js', () => {
    throw new Error('404')
  })
  const code = 'chain.expired'
  expect(await refusal(failed(''), judged)).toMatchObject({
    message: 'The verifier refused the evidence (chain.expired)',
    code,
  })
  const message = 'The verifier refused the evidence (certificate 1) (chain.expired)'
  expect(await refusal(failed('certificate 1'), judged)).toMatchObject({ message, code })
})

test('a refusal does not wait for its sentences for long', async () => {
  vi.doMock('../src/explain.js', async () => new Promise(() => {}))
  vi.useFakeTimers()
  const waiting = refusal(failed(''), judged)
  await vi.advanceTimersByTimeAsync(2000)
  expect((await waiting).code).toBe('chain.expired')
})
