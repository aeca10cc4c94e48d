import { describe, expect, it } from 'vitest'
import type { Case } from '../run/case.ts'
import { isUnexplained, namesOtherRule, runCase } from '../run/compare.ts'
import type { Answer, Verifier } from '../run/contract.ts'
import { brokenTwins } from '../run/twins.ts'

const question = { ask: 'eventlog', log: '' } as const

function answering(...answers: Answer[]): Verifier[] {
  return answers.map((answer, index) => ({ name: `v${index}`, answer: async () => answer, close: () => undefined }))
}

function refusal(change: Partial<Case> = {}): Case {
  return {
    name: 'x',
    why: '',
    group: '',
    ids: [],
    expect: 'reject',
    code: 'pcr.digest',
    twin: 'y',
    question,
    ...change,
  }
}

describe('comparing two verifiers', () => {
  it('finds nothing where both refuse for the reason that the case names', async () => {
    const row = await runCase(refusal(), answering({ code: 'pcr.digest' }, { code: 'pcr.digest' }))
    expect(row.differences).toEqual([])
  })

  it('finds the verifier that accepts', async () => {
    const row = await runCase(refusal(), answering({ code: 'pcr.digest' }, { code: 'ok' }))
    expect(row.differences).toEqual(['v1: ok where reject is expected'])
    expect(isUnexplained(row)).toBe(true)
  })

  it('finds a refusal of another layer', async () => {
    const row = await runCase(refusal(), answering({ code: 'pcr.digest' }, { code: 'ak.syntax' }))
    expect(row.differences).toHaveLength(1)
  })

  it('shows another rule of the same layer without calling it a difference', async () => {
    const row = await runCase(refusal(), answering({ code: 'pcr.digest' }, { code: 'pcr.values' }))
    expect(row.differences).toEqual([])
    expect(namesOtherRule(row)).toBe(true)
  })

  it('holds the first verifier to the very code', async () => {
    const row = await runCase(refusal(), answering({ code: 'pcr.values' }, { code: 'pcr.digest' }))
    expect(row.differences).toEqual(['v0: pcr.values where pcr.digest is expected'])
  })

  it('holds every verifier to the very code where the case is about the order of checks', async () => {
    const row = await runCase(refusal({ isExact: true }), answering({ code: 'pcr.digest' }, { code: 'pcr.values' }))
    expect(row.differences).toEqual(['v1: pcr.values where pcr.digest is expected'])
  })

  it('compares what accepted cases say besides', async () => {
    const accepted = { name: 'y', why: '', group: '', ids: [], expect: 'accept', question } as const
    const row = await runCase(accepted, answering({ code: 'ok', facts: { a: [1] } }, { code: 'ok', facts: { a: [2] } }))
    expect(row.differences).toEqual(['v1: a.0 is 2 where the first says 1'])
  })

  it('asks every variant', async () => {
    const verifier: Verifier = {
      name: 'v',
      close: () => undefined,
      answer: async (asked) => ({ code: 'log' in asked && asked.log === 'bad' ? 'ok' : 'pcr.digest' }),
    }
    const row = await runCase(refusal({ variants: [question, { ...question, log: 'bad' }] }), [verifier])
    expect(row.differences).toEqual(['variant 2: v: ok where reject is expected'])
  })
})

describe('twins', () => {
  const twin = { name: 'y', why: '', group: '', ids: [], expect: 'accept', question } as const

  it('are accepted cases', () => {
    expect(brokenTwins([refusal(), twin])).toEqual([])
    expect(brokenTwins([refusal()])).toHaveLength(1)
    expect(brokenTwins([refusal({ twin: 'x' }), twin])).toHaveLength(1)
    expect(brokenTwins([refusal({ twin: undefined }), twin])).toHaveLength(1)
  })

  it('have names of their own', () => {
    expect(brokenTwins([twin, twin])).not.toEqual([])
  })
})
