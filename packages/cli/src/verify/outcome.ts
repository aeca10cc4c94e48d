import { createHash } from 'node:crypto'
import type { Verdict } from '@blindllama/web-sdk'
import type { ReceiptConsistency, ReceiptVerdict } from '@blindllama/web-sdk/receipts'
import { answerOf, explainRefusal, limitsOf, sentenceOfLimit, sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { sentencesOf, shownBy } from './receipt-sentences.js'

type Kind = 'service' | 'receipt' | 'record' | 'evidence'

/** Under a policy of the caller. What `blindllama verify --json` prints. */
export interface Judged {
  /** `withdrawn` and `unchecked` are of receipts and records alone: they passed as of their time (PROTOCOL.md §21). */
  result: 'pass' | 'fail' | 'withdrawn' | 'unchecked'
  kind: Kind
  /** A software TPM answered: nothing is proven by it. Absent for a refusal. */
  simulated?: boolean
  /** The answer of the panel in a page, by the same rule; absent for a refusal. */
  answer?: 'proven' | 'limited' | 'simulated'
  /** Sentences: what bounds a proof that passed. */
  limits: string[]
  /** Of a refusal. */
  code?: string
  /** Of a refusal: the reason, with what was expected and found, and what to do. */
  why?: string
  /** Sentences: what follows from evidence and policy. */
  proven: string[]
  /** Sentences: what somebody says and nothing shows. */
  claimed: string[]
  verdict: Verdict
}

/**
 * Under the policy that the file itself carries. Whoever makes a file chooses that policy, and the keys that it trusts: agreement
 * proves nothing. Only the agreement is reported, and no assurance, release or claim of the verdict.
 */
export interface OwnPolicy {
  result: 'consistent' | 'fail'
  kind: Kind
  /** Of the policy in the file, for a comparison with one's own. SHA-256, in hex. */
  policySha256: string
  /** Of a refusal. */
  code?: string
  detail?: string
  proven: []
  claimed: string[]
}

export type Outcome = Judged | OwnPolicy

/** What the verdict was reached by, and what follows from it. */
interface Basis extends Pick<Judged, 'proven' | 'claimed'> {
  policy: Uint8Array
  audience?: string | undefined
}

/** @param basis its `proven` holds only where the verdict passed */
export function judged(kind: Kind, verdict: Verdict, { proven, claimed, policy, audience }: Basis): Judged {
  return verdict.result === 'pass'
    ? {
        result: 'pass',
        kind,
        simulated: verdict.simulated,
        answer: answerOf(verdict),
        limits: limitsOf(verdict).map(sentenceOfLimit),
        proven: verdict.simulated ? [] : proven,
        claimed,
        verdict,
      }
    : {
        result: 'fail',
        kind,
        code: verdict.code,
        why: explainRefusal(verdict, { policy, ...(audience !== undefined && { audience }) }),
        limits: [],
        proven: [],
        claimed: [],
        verdict,
      }
}

/** A receipt or a verification record under a policy of the caller. */
export function judgedReceipt(read: ReceiptVerdict, by: Pick<Basis, 'policy' | 'audience'>): Judged {
  if (read.result === 'fail') return judged(read.kind, read.verdict, { ...by, proven: [], claimed: [] })
  return { ...judged(read.kind, shownBy(read).verdict, { ...by, ...sentencesOf(read) }), result: read.result }
}

/** @param policy the text in the file */
export function underItsOwnPolicy(file: ReceiptConsistency, policy: string): OwnPolicy {
  const { kind } = file
  const policySha256 = createHash('sha256').update(policy).digest('hex')
  const claimed = ['Everything in this file: its author chose the policy that it agrees with.']
  return file.consistent
    ? { result: 'consistent', kind, policySha256, proven: [], claimed }
    : { result: 'fail', kind, policySha256, code: file.code, detail: sentenceOfRefusal(file), proven: [], claimed }
}
