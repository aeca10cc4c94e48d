import { type Limit, sentenceOfRefusal, sentenceOfStep } from '@blindllama/web-sdk/sentences'
import { h, type IconName } from './dom.js'
import type { ProofStatus } from './proof/answer.js'
import type { ProofState } from './proof/source.js'
import type { Strings } from './strings/strings.js'

export type Tone = 'good' | 'warn' | 'bad' | 'none'

const tones: Record<ProofStatus, Tone> = {
  idle: 'none',
  checking: 'none',
  proven: 'good',
  limited: 'warn',
  simulated: 'warn',
  refused: 'bad',
  expired: 'bad',
}
const icons: Record<ProofStatus, IconName> = {
  idle: 'open',
  checking: 'wait',
  proven: 'lock',
  limited: 'lock',
  simulated: 'warn',
  refused: 'open',
  expired: 'open',
}

export const toneOf = (status: ProofStatus): Tone => tones[status]
export const iconOf = (status: ProofStatus): IconName => icons[status]

/** Code and sentence of a refusal; the sentences of the verifier are English. */
export function refusalOf(
  { verdict, problem }: Pick<ProofState, 'verdict' | 'problem'>,
  strings: Strings,
): { readonly code: string | undefined; readonly sentence: string; readonly lang: string } {
  if (verdict?.result === 'fail') return { code: verdict.code, sentence: sentenceOfRefusal(verdict), lang: 'en' }
  if (problem === 'other-key') return { code: undefined, sentence: strings.otherKey, lang: strings.lang }
  if (problem === 'unverified') return { code: undefined, sentence: strings.unverified, lang: strings.lang }
  if (problem) return { code: problem.code, sentence: problem.reason, lang: 'en' }
  return { code: undefined, sentence: strings.meaning.refused, lang: strings.lang }
}

export function limitElement(limit: Limit, strings: Strings): HTMLElement {
  return typeof limit === 'string'
    ? h('span', {}, strings.limits[limit])
    : h('span', { lang: 'en' }, sentenceOfStep(limit.step))
}

/** A time of today without its date. */
export function timeText(ms: number, lang: string): string {
  const date = new Date(ms)
  const today = date.toDateString() === new Date().toDateString()
  return date.toLocaleString(lang, today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' })
}

/** `59 min 07 s`; hours only where there are some. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return hours > 0 ? `${hours} h ${rest}` : rest
}
