import type { PassedVerdict, SimulatedVerdict, Step } from '@blindllama/web-sdk'

type Passed = PassedVerdict | SimulatedVerdict

/**
 * Where a proof stands. `proven`, `limited` and `simulated` mean that every required step passed; a simulated TPM proves nothing about the
 * machine, and counts as not proven.
 */
export type ProofStatus = 'idle' | 'checking' | 'proven' | 'limited' | 'simulated' | 'refused' | 'expired'

/** What bounds a proof that passed; `step` for one that ended in a warning. */
export type Limit =
  | 'simulated'
  | 'operator-ca'
  | 'cloud-vtpm'
  | 'unenrolled'
  | 'unattested'
  | 'attested'
  | 'prompt-cache'
  | { readonly step: Step }

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

/** The answer about a verdict that passed. */
export function statusOf(verdict: Passed): 'proven' | 'limited' | 'simulated' {
  if (verdict.simulated) return 'simulated'
  return limitsOf(verdict).length === 0 ? 'proven' : 'limited'
}

/** Whether every required step passed, with or without limits, and also for a simulated TPM where the page allows one. */
export function isPassing(status: ProofStatus): boolean {
  return status === 'proven' || status === 'limited' || status === 'simulated'
}
