import type { Question } from './contract.ts'

/** One question to every verifier, and what it must end in. */
export interface Case {
  readonly name: string
  /** The mistake that it stands for. */
  readonly why: string
  /** Where it comes from: the heading in the table. */
  readonly group: string
  /** Cases of the list of evidence that a verifier must reject, such as D4. */
  readonly ids: readonly string[]
  /** `agree`: what nobody decided, but every verifier alike. */
  readonly expect: 'accept' | 'reject' | 'agree'
  /** For a refusal: exactly this code, where the specification decides it … */
  readonly code?: string | undefined
  /** Every verifier has to give this very code: the case is about which of two faults comes first. */
  readonly isExact?: boolean
  /** … or one of these layers. */
  readonly layers?: readonly string[] | undefined
  /** For a refusal: the accepted case from which it differs in the one mistake. */
  readonly twin?: string | undefined
  /** Of a vector: what is to be kept after it, hex; null where it is nothing new. */
  readonly kept?: string | null
  readonly question: Question
  /** Many of one kind that are counted as one: all of them must end in the same verdict. */
  readonly variants?: readonly Question[]
  /** What is wrong with the facts of an accepted case, where they are known from elsewhere. */
  readonly check?: (facts: unknown) => string | undefined
}
