import { readdirSync, readFileSync } from 'node:fs'
import type { Case } from '../case.ts'
import type { BundleQuestion } from '../contract.ts'

const folder: URL = new URL('../../../../spec/vectors/bundles/', import.meta.url)

interface BundleVector extends Omit<BundleQuestion, 'ask'> {
  readonly name: string
  readonly why: string
  readonly expect: 'accept' | 'reject'
  readonly code: string
  readonly ids: readonly string[]
  readonly twin: string | null
  readonly nextState: string | null
}

/** The vectors of this repository: whole verifications, whose code the specification decides. */
export function bundleCases(): Case[] {
  return readdirSync(folder).map((file) => {
    const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as BundleVector
    const { name, why, expect, code, ids, twin, nextState: kept } = vector
    const group = code === 'ok' ? 'accepted' : (code.split('.')[0] as string)
    const isExact = name.startsWith('order-')
    return { name, why, group, ids, expect, code, isExact, kept, twin: twin ?? undefined, question: questionOf(vector) }
  })
}

function questionOf(vector: BundleVector): BundleQuestion {
  const { evidence, static: held, policy, audience, nonce, nowMs, allowSimulated, versions, suites, state } = vector
  const input = { evidence, static: held, policy, audience, nonce, nowMs, allowSimulated, versions, suites, state }
  return { ask: 'bundle', ...input, receipt: vector.receipt ?? null }
}
