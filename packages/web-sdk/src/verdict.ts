import type { Code } from './generated/codes.js'

/** Who could still lie about a service that passed (PROTOCOL.md §1): a property of the trust anchor, never of the evidence. */
export type Assurance = 'simulated' | 'operator-ca' | 'cloud-vtpm' | 'cvm-bound' | 'hardware-tpm'

/** Where plaintext goes behind the gateway (PROTOCOL.md §4). */
export type Upstream = 'in-image' | 'attested' | 'unattested'

/** The steps of PROTOCOL.md §8 in their order. */
export type StepId =
  | 'policy'
  | 'bundle'
  | 'ak.public'
  | 'ak.trust'
  | 'ak.assurance'
  | 'ak.attributes'
  | 'attest'
  | 'ak.qualified_name'
  | 'signature'
  | 'clock'
  | 'binding.extra_data'
  | 'binding.nonce'
  | 'claims'
  | 'claims.audience'
  | 'claims.upstream'
  | 'pcr.selection'
  | 'pcr.digest'
  | 'pcr.rules'
  | 'claims.config'
  | 'eventlog'
  | 'platform'
  | 'release'
  | 'state'
  | 'freshness'
  | 'key'

export interface Step {
  id: StepId
  /** `warn` counts as passed; a required step that is `skipped` makes the verdict fail. */
  status: 'pass' | 'warn' | 'fail' | 'skipped'
  /** `ok` where the status is `pass`. */
  code: Code
  /** A sentence for people. */
  detail: string
}

/** What a verdict tells beside its result. A member appears once the step that proves it has passed (PROTOCOL.md §9). */
export interface Report {
  version: 1
  /** Every step of PROTOCOL.md §8, in order. */
  steps: Step[]
  /** The anchor that matched; `caveat` says who could still lie. */
  anchor?: { kind: string; assurance: Assurance; caveat: string }
  /** The attestation key; the names in hex (TPM 2.0 Part 1 §16). */
  ak?: { name: string; qualifiedName?: string; algorithm: string }
  /** The TPM's clock, in milliseconds, and its counters (TPM 2.0 Part 2 §10.11.1). */
  clock?: { clock: number; resetCount: number; restartCount: number; safe: boolean; firmwareVersion: string }
  claims?: {
    audiences: string[]
    instance: string
    /** 16 bytes in hex. */
    epochId: string
    lifetimeMs: number
    /** Milliseconds since 1970. */
    serverTimeMs: number
    /** 32 bytes in hex (PROTOCOL.md §12). */
    configDigest: string
    upstream: Upstream
  }
  /** The quoted selection only; values in hex. */
  pcrs?: { bank: string; values: { index: number; value: string; rule: string }[] }
  /** The name of the release that matched. */
  release?: string
}

/** The one key that a passed verdict releases, with the suite to use it with. Byte strings in hex. */
export interface AttestedKey {
  instance: string
  epochId: string
  /** The key configuration, RFC 9458 §3.1, without list prefix. */
  keyConfig: string
  keyId: number
  kemId: number
  kdfId: number
  aeadId: number
  publicKey: string
  /** Milliseconds since 1970. */
  serverTimeMs: number
  /** Counted from sending the nonce. */
  validForMs: number
}

export interface PassedVerdict extends Report {
  result: 'pass'
  simulated: false
  assurance: Exclude<Assurance, 'simulated'>
  key: AttestedKey
}

/** Passed against a software TPM: whoever runs the host can make it say anything. For development. */
export interface SimulatedVerdict extends Report {
  result: 'pass'
  simulated: true
  assurance: 'simulated'
  key: AttestedKey
}

/** Has no key, so nothing can be sent. */
export interface FailedVerdict extends Report {
  result: 'fail'
  /** Of the step that decided. */
  code: Code
  detail: string
}

export type Verdict = PassedVerdict | SimulatedVerdict | FailedVerdict

/** The verdicts that a client can hold: simulated ones only where the caller allowed them by name. */
export type TrustedVerdict<AllowSimulated extends boolean> = AllowSimulated extends true
  ? PassedVerdict | SimulatedVerdict
  : PassedVerdict
