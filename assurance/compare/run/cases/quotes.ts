import { readdirSync, readFileSync } from 'node:fs'
import type { Case } from '../case.ts'
import type { QuoteQuestion } from '../contract.ts'
import { evidenceAt } from './evidence.ts'

interface QuoteVector extends Omit<QuoteQuestion, 'ask'> {
  readonly name: string
  readonly why: string
  readonly expect: 'accept' | 'reject'
  readonly layer?: string | readonly string[]
}

/** What each of these vectors shows, in the list of evidence that a verifier must reject. */
const ids: Readonly<Record<string, string>> = {
  'attr-decrypt': 'C3',
  'bad-magic': 'A1',
  'bad-magic-validly-signed': 'A1',
  'dup-bank-benign': 'D3',
  'empty-selection-list': 'D1',
  'extra-extended': 'A12',
  'gce-cos-85-sha1': 'D5',
  'nonce-mismatch': 'E1',
  'pub-trailing': 'A5',
  'scheme-ecdaa': 'B2',
  'sig-r0': 'B7',
  'sizeofselect-4': 'A8',
  'tail-1': 'A3',
  'type-certify': 'A2',
  'unrestricted-key-real-quote': 'C1',
  'windows-gce-sha1': 'B3',
}

/** The accepted vector of the same machine or generator. */
function twinOf(name: string): string {
  return name.startsWith('gce-') || name.startsWith('windows-') ? 'gce-cos-85-sha256' : 'ok-base'
}

/** Quotes of clouds and of other software; their keys are taken as trusted. */
export function quoteCases(): Case[] {
  const folder = evidenceAt('quotes/')
  if (folder === undefined) return []
  return readdirSync(folder).map((file) => {
    const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as QuoteVector
    const { name, why, expect, layer } = vector
    const { akPublic, akSpki = null, hierarchy, attest, signature, extraData, selection, pcrs } = vector
    return {
      name: `quote/${name}`,
      why,
      group: 'quotes of others',
      ids: [ids[name] ?? []].flat(),
      expect,
      layers: layer === undefined ? undefined : [layer].flat(),
      twin: expect === 'reject' ? `quote/${twinOf(name)}` : undefined,
      question: { ask: 'quote', akPublic, akSpki, hierarchy, attest, signature, extraData, selection, pcrs },
    }
  })
}
