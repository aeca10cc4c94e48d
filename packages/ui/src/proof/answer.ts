/**
 * Where a proof stands. `proven`, `limited` and `simulated` mean that every required step passed; a simulated TPM proves nothing about the
 * machine, and counts as not proven.
 */
export type ProofStatus = 'idle' | 'checking' | 'proven' | 'limited' | 'simulated' | 'refused' | 'expired'

/** Whether every required step passed, with or without limits, and also for a simulated TPM where the page allows one. */
export function isPassing(status: ProofStatus): boolean {
  return status === 'proven' || status === 'limited' || status === 'simulated'
}
