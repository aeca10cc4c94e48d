import { readFileSync, readdirSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type BundleVector, verifyInputOf } from '../../../tools/vectors/bundle.ts'
import { answerOf, limitSentences, limitsOf, sentenceOfLimit } from '../src/sentences.js'
import type { FailedVerdict, Verdict } from '../src/verdict.js'
import { loadVerifier } from '../src/verifier/load.js'
import type { Verifier } from '../src/verifier/verifier.js'
import { wasmFile } from './support/wasm.js'

const folder = new URL('../../../spec/vectors/bundles/', import.meta.url)
/** Of a first visit, as `connect` asks. */
const vectors: readonly BundleVector[] = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as BundleVector)
  .filter(({ receipt, state, versions }) => receipt === null && state === null && versions.join() === '1')

let verifier: Verifier

beforeAll(async () => {
  verifier = await loadVerifier(wasmFile)
})

function passed(name: string): Exclude<Verdict, FailedVerdict> {
  const vector = vectors.find((each) => each.name === name)
  if (!vector) throw new Error(`There is no vector ${name}`)
  const verdict = verifier.verify(verifyInputOf(vector))
  if (verdict.result === 'fail') throw new Error(`${name}: ${verdict.code}`)
  return verdict
}

describe('the answer', () => {
  test.each([
    ['ok-enrolment', 'proven', []],
    ['ok-platform-author-key', 'proven', []],
    ['ok-simulated', 'simulated', ['simulated']],
    ['ok-chain-azure', 'limited', ['cloud-vtpm']],
    ['ok-ecc', 'limited', ['unenrolled']],
  ] as const)('of %s is %s', (name, answer, limits) => {
    const verdict = passed(name)
    expect(answerOf(verdict)).toBe(answer)
    expect(limitsOf(verdict)).toEqual(limits)
    expect(limitsOf(verdict).map(sentenceOfLimit)).toEqual(limits.map((limit) => limitSentences[limit]))
  })

  test('has a limit for each warning, and each is told once', () => {
    expect(limitsOf(passed('warn-unattested'))).toContain('unattested')
    expect(limitsOf(passed('warn-unattested')).filter((limit) => typeof limit === 'object')).toEqual([])
    expect(limitsOf(passed('ok-prompt-cache-shared'))).toContain('prompt-cache')
    const limits = limitsOf(passed('warn-clock-unsafe'))
    expect(limits).toContainEqual({ step: expect.objectContaining({ id: 'clock', status: 'warn' }) })
    expect(limits.map(sentenceOfLimit).join(' ')).toMatch(/clock/i)
    const coverage = limitsOf(passed('warn-coverage-unchecked-4'))
    expect(coverage).toContainEqual({ step: expect.objectContaining({ id: 'pcr.coverage' }) })
  })

  test('is proven for no vector that warns, claims an outside model or is simulated', () => {
    const accepted = vectors.filter(({ expect: end }) => end === 'accept')
    expect(accepted.length).toBeGreaterThan(150)
    for (const { name } of accepted) {
      const verdict = passed(name)
      if (answerOf(verdict) !== 'proven') continue
      expect(
        verdict.steps.filter(({ status }) => status === 'warn'),
        name,
      ).toEqual([])
      expect(['cvm-bound', 'hardware-tpm'], name).toContain(verdict.assurance)
      expect(verdict.claims?.upstream, name).toBe('in-image')
    }
  })
})
