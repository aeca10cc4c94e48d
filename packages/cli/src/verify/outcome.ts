import type { Verdict } from '@blindllama/web-sdk'

/** What `blindllama verify --json` prints. */
export interface Outcome {
  result: 'pass' | 'fail'
  kind: 'service' | 'receipt' | 'record' | 'evidence'
  /** A software TPM answered: nothing is proven by it. Absent for a refusal. */
  simulated?: boolean
  /** Of a refusal. */
  code?: string
  /** Sentences: what follows from evidence and policy. */
  proven: string[]
  /** Sentences: what somebody says and nothing shows. */
  claimed: string[]
  verdict: Verdict
}

/** @param proven sentences that hold only where the verdict passed */
export function outcome(
  kind: Outcome['kind'],
  verdict: Verdict,
  { proven, claimed }: Pick<Outcome, 'proven' | 'claimed'>,
): Outcome {
  return verdict.result === 'pass'
    ? { result: 'pass', kind, simulated: verdict.simulated, proven: verdict.simulated ? [] : proven, claimed, verdict }
    : { result: 'fail', kind, code: verdict.code, proven: [], claimed: [], verdict }
}
