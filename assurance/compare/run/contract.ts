/**
 * What a verifier is asked and what it answers: one JSON object a line, README.md tells it byte by byte. Byte strings are lower-case hex,
 * certificates and logs base64.
 */
export type Question = BundleQuestion | QuoteQuestion | ChainQuestion | EventLogQuestion

/** A whole verification, PROTOCOL.md §8; the members are those of spec/vectors/README.md. */
export interface BundleQuestion {
  readonly ask: 'bundle'
  readonly evidence: string
  readonly static: string | null
  readonly policy: string
  readonly audience: string
  readonly nonce: string
  readonly nowMs: number
  readonly allowSimulated: boolean
  readonly versions: readonly number[]
  readonly suites: readonly (readonly [number, number, number])[]
  readonly state: string | null
  /** Of a receipt or a verification record (PROTOCOL.md §21): then every suite counts, and no state. */
  readonly receipt: ReceiptQuestion | null
}

export interface ReceiptQuestion {
  /** null: a verification record. */
  readonly exchange: ExchangeQuestion | null
  /** What the verifier itself was told of withdrawals: `current-status`, and its own time. */
  readonly status: { readonly documents: string; readonly nowMs: number } | null
}

export interface ExchangeQuestion {
  /** null: `request` and `response` are the digests. */
  readonly salt: string | null
  readonly request: string
  readonly response: string
  readonly modelDigest: string
  readonly signature: string
}

/** A quote and its log, the attestation key taken as trusted. */
export interface QuoteQuestion {
  readonly ask: 'quote'
  /** TPMT_PUBLIC, or null where only the SubjectPublicKeyInfo is known: then RSASSA with SHA-256. */
  readonly akPublic: string | null
  readonly akSpki: string | null
  readonly hierarchy: 'endorsement' | null
  readonly attest: string
  readonly signature: string
  readonly extraData: string
  readonly selection: { readonly bank: string; readonly pcrs: readonly number[] }
  readonly pcrs: Readonly<Record<string, string>>
}

/** A certificate chain, leaf to root; the root decides the profile, PROTOCOL.md §17.3. */
export interface ChainQuestion {
  readonly ask: 'chain'
  readonly chain: readonly string[]
  readonly rootSha256: string
  readonly nowMs: number
}

/** What follows from a log alone, PROTOCOL.md §16. */
export interface EventLogQuestion {
  readonly ask: 'eventlog'
  readonly log: string
}

export interface Answer {
  /** `ok`, or the code of the first check that failed. */
  readonly code: string
  /** What an accepted case says besides, and what any bundle gives to be kept; compared by value where both verifiers give it. */
  readonly facts?: unknown
}

export interface Verifier {
  readonly name: string
  answer(question: Question): Promise<Answer>
  close(): void
}

export function verdictOf({ code }: Answer): 'accept' | 'reject' {
  return code === 'ok' ? 'accept' : 'reject'
}

/** What stands before the dot of a code. */
export function layerOf({ code }: Answer): string {
  return code.split('.')[0] as string
}
