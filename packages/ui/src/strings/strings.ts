import type { Assurance, Step, StepId } from '@blindllama/web-sdk'
import type { NamedLimit } from '@blindllama/web-sdk/sentences'
import type { ProofStatus } from '../proof/answer.js'
import type { Part } from '../proof/tamper.js'

/** A link of the drawn chain, in the order of trust. */
export const LINKS = ['root', 'ak', 'quote', 'pcrs', 'release', 'key', 'session'] as const
export type LinkId = (typeof LINKS)[number]

/** Every text of the elements. `{0}` and `{1}` stand for values. */
export interface Strings {
  /** BCP 47, of these texts; sentences of the verifier stay English, and are marked so. */
  readonly lang: string
  readonly answer: Record<ProofStatus, string>
  /** What the answer means, in a sentence. */
  readonly meaning: Record<ProofStatus, string>
  readonly simulatedBadge: string
  readonly provenAt: string
  readonly renewing: string
  readonly validFor: string
  readonly title: string
  readonly close: string
  readonly retry: string
  readonly why: string
  readonly nothingSent: string
  readonly nothingMoreSent: string
  readonly renewalFailed: string
  readonly otherKey: string
  readonly unverified: string
  readonly assurance: Record<Assurance, string>
  readonly whoCouldLie: string
  readonly limits: Readonly<Record<NamedLimit, string>>
  readonly limitsTitle: string
  readonly notProvenTitle: string
  /** What no proof of this kind shows. */
  readonly notProven: readonly string[]
  readonly memoryNotProven: string
  readonly chainTitle: string
  readonly links: Record<LinkId, string>
  readonly stepStatus: Record<Step['status'], string>
  /** What the pass of each step proves. Default: the sentences of the SDK, which are English. */
  readonly steps?: Readonly<Record<StepId, string>>
  readonly stepsTitle: string
  readonly bootTitle: string
  readonly bootNote: string
  readonly secureBoot: readonly [unknown: string, on: string, off: string]
  readonly measuredExactly: string
  readonly claimedKind: string
  readonly claimedAll: string
  readonly unexplained: string
  /** Of the subjects of logged events. Default: the word of the log itself. */
  readonly subjects?: Readonly<Record<string, string>>
  readonly pcrsTitle: string
  readonly rules: Readonly<Record<string, string>>
  readonly recomputed: string
  readonly notRecomputed: string
  readonly claimsTitle: string
  readonly facts: Record<FactName, string>
  readonly upstream: Record<'in-image' | 'attested' | 'unattested', string>
  readonly promptCache: Record<'shared' | 'salted' | 'none', string>
  readonly nameNotProven: string
  readonly certificatesTitle: string
  readonly certificatesNone: string
  readonly certificatesFailed: string
  readonly certificatesNote: string
  readonly certificate: { readonly from: string; readonly by: string; readonly valid: string; readonly key: string }
  readonly rawTitle: string
  readonly rawNote: string
  readonly downloadEvidence: string
  readonly downloadRecord: string
  readonly tamperTitle: string
  readonly tamperNote: string
  readonly tamperSwitch: string
  readonly tamperPart: string
  readonly parts: Record<Part, string>
  readonly tampered: string
  readonly tamperUnnoticed: string
  readonly tamperAbsent: string
  readonly receiptTitle: string
  readonly receiptNote: string
  readonly receiptChoose: string
  readonly receiptPass: string
  readonly recordPass: string
  readonly receiptWithdrawn: string
  readonly receiptUnchecked: string
  readonly receiptFail: string
}

export type FactName =
  | 'encryption'
  | 'publicKey'
  | 'upstream'
  | 'promptCache'
  | 'audience'
  | 'instance'
  | 'epoch'
  | 'config'
  | 'quotedAt'
  | 'akName'
  | 'akAlgorithm'
  | 'firmware'

/** `template` with its `{0}`, `{1}` replaced. */
export function filled(template: string, ...values: readonly (string | number)[]): string {
  return template.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''))
}
