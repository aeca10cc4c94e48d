import { sentenceOfStep } from './sentence-of-step.js'
import type { PassedVerdict, SimulatedVerdict, Step } from './verdict.js'

type Passed = PassedVerdict | SimulatedVerdict

/** What bounds a proof that passed; `step` for one that ended in a warning. */
export type Limit = NamedLimit | { readonly step: Step }

export type NamedLimit =
  | 'simulated'
  | 'operator-ca'
  | 'cloud-vtpm'
  | 'unenrolled'
  | 'unattested'
  | 'attested'
  | 'prompt-cache'

/** What each limit means to a person. */
export const limitSentences: Readonly<Record<NamedLimit, string>> = {
  simulated: 'The TPM is simulated: its operator can make it say anything.',
  'operator-ca': 'Only the operator vouches for the TPM.',
  'cloud-vtpm': 'The TPM is virtual: the cloud that runs it is trusted.',
  unenrolled: 'That the TPM is hardware is the operator’s word: the policy names no enrolment.',
  unattested: 'The model runs outside the proof: its operator can read what you write.',
  attested: 'The model runs elsewhere: the gateway verifies it, and this page does not.',
  'prompt-cache': 'The prompt cache is shared: response times can reveal prompts to other visitors.',
}

/** What a person must know of a verdict that passed; empty where nothing bounds it but what no proof shows. */
export function limitsOf({ assurance, anchor, claims, steps }: Passed): readonly Limit[] {
  const limits: Limit[] = []
  if (assurance === 'simulated' || assurance === 'operator-ca' || assurance === 'cloud-vtpm') limits.push(assurance)
  // A policy names the enrolment of a hardware TPM, or its author takes the operator's word (PROTOCOL.md §22).
  const vouchers = anchor?.members ?? (anchor ? [anchor] : [])
  const isUnenrolled = vouchers.every(({ kind, enrolment }) => kind === 'ak-name' && enrolment === undefined)
  if (assurance === 'hardware-tpm' && isUnenrolled) limits.push('unenrolled')
  if (claims?.upstream === 'unattested' || claims?.upstream === 'attested') limits.push(claims.upstream)
  if (claims?.promptCache === 'shared') limits.push('prompt-cache')
  for (const step of steps) if (step.status === 'warn' && !isTold(step, limits)) limits.push({ step })
  return limits
}

/** Warnings that another limit tells already. */
function isTold({ code }: Step, limits: readonly Limit[]): boolean {
  if (code === 'ak.simulated') return limits.includes('simulated')
  if (code === 'claims.upstream_unattested') return limits.includes('unattested')
  if (code === 'claims.prompt_cache') return limits.includes('prompt-cache')
  return false
}

/**
 * The answer about a verdict that passed, in the words of every screen: *Proven*, *Proven, with limits*, or *Not proven* for a simulated
 * TPM.
 */
export function answerOf(verdict: Passed): 'proven' | 'limited' | 'simulated' {
  if (verdict.simulated) return 'simulated'
  return limitsOf(verdict).length === 0 ? 'proven' : 'limited'
}

/**
 * A limit in a sentence.
 *
 * @example
 * ```ts
 * for (const limit of limitsOf(client.verdict)) console.log(sentenceOfLimit(limit))
 * // The TPM is virtual: the cloud that runs it is trusted.
 * ```
 */
export function sentenceOfLimit(limit: Limit): string {
  return typeof limit === 'string' ? limitSentences[limit] : sentenceOfStep(limit.step)
}
