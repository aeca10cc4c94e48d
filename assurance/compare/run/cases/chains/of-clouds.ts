import { readFileSync } from 'node:fs'
import type { Case } from '../../case.ts'
import type { ChainQuestion } from '../../contract.ts'
import { evidenceAt } from '../evidence.ts'

interface ChainVector {
  readonly name: string
  readonly why: string
  readonly expect: 'accept' | 'reject'
  readonly verifyAt: string
  /** notAfter of the certificate that expires first. */
  readonly expiredAt?: string
  readonly chain: readonly string[]
  readonly rootSha256: string
}

/** Chains of clouds, each also one second after its end, in its last second, under another root, and out of order. */
export function chainCases(): Case[] {
  const file = evidenceAt('ak-chains.json')
  if (file === undefined) return []
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as ChainVector[]
  return vectors.flatMap((vector) => casesOf(vector, twinOf(vector, vectors)))
}

/** A certificate for encryption differs from the one for signing of the same machine. */
function twinOf({ name }: ChainVector, vectors: readonly ChainVector[]): string {
  const signing = name.replace(/-enc$/, '-sign')
  return vectors.some((vector) => vector.name === signing && vector.expect === 'accept') ? signing : name
}

function casesOf(vector: ChainVector, twin: string): Case[] {
  const { why, expect, chain, rootSha256, verifyAt, expiredAt } = vector
  const asked: ChainQuestion = { ask: 'chain', chain, rootSha256, nowMs: Date.parse(verifyAt) }
  const make = (suffix: string, text: string, changes: Partial<ChainQuestion>, ids: string[], ends = expect): Case => ({
    name: `chain/${vector.name}${suffix}`,
    why: text,
    group: 'certificate chains of clouds',
    ids,
    expect: ends,
    layers: ['chain'],
    twin: ends === 'reject' ? `chain/${twin}` : undefined,
    question: { ...asked, ...changes },
  })
  const cases = [make('', why, {}, expect === 'reject' ? ['C7'] : [])]
  if (expiredAt !== undefined) {
    const end = Date.parse(expiredAt)
    cases.push(make('@expired', 'one second after notAfter', { nowMs: end + 1000 }, ['C9'], 'reject'))
    cases.push(make('@lastsecond', 'the second of notAfter', { nowMs: end }, expect === 'reject' ? ['C7'] : []))
  }
  if (expect === 'accept') {
    const [leaf = '', ...others] = chain
    cases.push(make('@otherroot', 'another root is pinned', { rootSha256: '00'.repeat(32) }, ['C8'], 'reject'))
    const unordered = { chain: [leaf, ...others.toReversed()] }
    if (chain.length > 2) cases.push(make('@unordered', 'authorities the other way round', unordered, ['C9'], 'reject'))
  }
  return cases
}
