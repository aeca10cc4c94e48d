import type { Verdict } from '@blindllama/web-sdk'
import type { ReceiptVerdict } from '@blindllama/web-sdk/receipts'
import type { ProofStatus } from './answer.js'
import type { Evidence } from './evidence.js'

/** Why a proof is refused, where the verdict does not say it. */
export type Problem =
  /** The client's error: its code and its sentence. */
  | { readonly code: string; readonly reason: string }
  /** The client holds another key than the one that the evidence proves. */
  | 'other-key'
  /** The verifier could not run here. */
  | 'unverified'

export interface ProofState {
  readonly status: ProofStatus
  /** Whether the client asks for another proof now; what was proven stays valid. */
  readonly renewing: boolean
  /** The verdict of this package's own verification; that of the client only where it refused. */
  readonly verdict: Verdict | undefined
  readonly problem: Problem | undefined
  /** When the last proof that passed was verified, in milliseconds since 1970. */
  readonly provenAtMs: number | undefined
  /** When the key of a passing proof expires, in milliseconds since 1970. */
  readonly expiresAtMs: number | undefined
  /** What the verdict is about. */
  readonly evidence: Evidence | undefined
}

/** What a proof is before there is one. */
export const NO_PROOF: ProofState = {
  status: 'idle',
  renewing: false,
  verdict: undefined,
  problem: undefined,
  provenAtMs: undefined,
  expiresAtMs: undefined,
  evidence: undefined,
}

/** What the elements show: a live service, or a file. */
export interface ProofSource {
  readonly state: ProofState
  /** Whether the proof is that of a client in this page; a file has no session. */
  readonly live: boolean
  /** Verifies again; absent where there is nobody to ask. */
  readonly retry: (() => void) | undefined
  subscribe(listener: () => void): () => void
  /** Runs the real verifier on `evidence`, which may be altered. */
  verify(evidence: Evidence): Promise<Verdict>
  /** Checks a receipt or a verification record under the policy of this source. */
  checkFile(file: string): Promise<ReceiptVerdict>
}
