import type { VerifierCode } from './codes.js'

/** A kind of trust anchor, by who could still lie. */
export type Assurance = 'simulated' | 'operator-ca' | 'cloud-vtpm' | 'cvm-bound' | 'hardware-tpm'

/** A step of the verification, PROTOCOL.md §8. */
export type StepId =
  | 'policy'
  | 'bundle'
  | 'release.keys'
  | 'status'
  | 'ak.public'
  | 'ak.trust'
  | 'platform'
  | 'ak.assurance'
  | 'ak.attributes'
  | 'attest'
  | 'ak.qualified_name'
  | 'signature'
  | 'attest.firmware'
  | 'clock'
  | 'binding.nonce'
  | 'binding.extra_data'
  | 'claims'
  | 'claims.audience'
  | 'claims.upstream'
  | 'pcr.selection'
  | 'pcr.digest'
  | 'release'
  | 'release.log'
  | 'pcr.coverage'
  | 'pcr.rules'
  | 'claims.config'
  | 'eventlog'
  | 'state'
  | 'receipt'
  | 'freshness'
  | 'key'

/** How a step ended. `warn` counts as passed; a person should know the sentence of its `code`. */
export interface Step {
  id: StepId
  status: 'pass' | 'warn' | 'fail' | 'skipped'
  /** `ok` for a pass. */
  code: VerifierCode
  /** Where exactly, for a person; empty where the code says it all. The sentences of steps and codes are in the SDK's `./sentences`. */
  detail: string
}

/** What vouches for the attestation key. */
export interface Voucher {
  /** As in the policy; `allOf` where several vouch together. */
  kind: string
  /** Common name in the certificate of the key, where one was needed. */
  subject?: string
  /**
   * SHA-256 of the enrolment (PROTOCOL.md §22) that the policy names for this key. Without it, that a `hardware-tpm` is one is the
   * operator's word.
   */
  enrolment?: string
  /** Azure's word for the machine. */
  vm?: 'trusted' | 'confidential'
  /** Google's names for the machine; numbers are decimal. */
  instance?: { zone: string; projectNumber: string; projectId: string; instanceId: string; instanceName: string }
}

/**
 * What was proven. Texts that others wrote are printable ASCII of a bounded length (PROTOCOL.md §9). A member is there once the
 * step that proves it has passed. Bytes are lower-case hex.
 */
export interface Report {
  version: 1
  /** Every step of PROTOCOL.md §8, in order. */
  steps: Step[]
  /** The entry of the policy that vouches for the attestation key; `caveat` says in a sentence who could still lie. */
  anchor?: Voucher & {
    assurance: Assurance
    caveat: string
    /** Kind `allOf`: every one of these vouches, in the order of the policy. */
    members?: Voucher[]
  }
  /**
   * The attestation key. `name` is there where it is proven: the policy names it, or the quote itself does (PROTOCOL.md §6). A certificate alone
   * proves the key, and nothing of its attributes.
   */
  ak?: { name?: string; qualifiedName?: string; algorithm: string }
  /** TPMS_CLOCK_INFO and the firmware's version, both as the TPM states them. */
  clock?: { clock: number; resetCount: number; restartCount: number; safe: boolean; firmwareVersion: string }
  /** What the gateway says of itself. */
  claims?: {
    audiences: string[]
    instance: string
    epochId: string
    lifetimeMs: number
    serverTimeMs: number
    configDigest: string
    upstream: 'in-image' | 'attested' | 'unattested'
    /** What the model server keeps of one visitor's prompt for the requests of others (PROTOCOL.md §4). */
    promptCache: 'shared' | 'salted' | 'none'
    /** Ed25519: what the gateway signs receipts with, where it signs any (PROTOCOL.md §21). */
    receiptKey?: string
    /** Ed25519: the key of this process of the gateway, where it has one; its signature over the claims was verified (PROTOCOL.md §5). */
    instanceKey?: string
  }
  /** The quoted selection, and no other value. */
  pcrs?: {
    bank: string
    values: {
      index: number
      value: string
      rule: 'golden' | 'events' | 'untouched' | 'config' | 'instance' | 'unchecked'
    }[]
  }
  /** Name of the release that matched. */
  release?: string
  /** Where that release is a signed one: what its manifest says, and the names of the parts that matched. */
  manifest?: {
    sha256: string
    version: number
    minVersion: number
    sourceCommit: string
    imageDigest: string
    modelDigest?: string
    machine: string
    notBefore: number
    notAfter: number
    parts: string[]
  }
  /** What the log of the machine says, where the policy asks for it. */
  eventLog?: EventLogReport
}

/** A log of measurements: an explanation of the PCRs, as far as their values prove it (PROTOCOL.md §16). */
export interface EventLogReport {
  /** Whose digests were replayed. */
  bank: string
  /** Whether firmware enforced Secure Boot; left out where the log does not prove one or the other. */
  secureBoot?: boolean
  /** Quoted PCRs whose value does not follow from the log. */
  unexplained: number[]
  /** Rules of the Firmware Profile that the log breaks without being refused for it. */
  findings: Finding[]
  /** In the order of the log. */
  events: LoggedEvent[]
}

/** A rule of the Firmware Profile that a log breaks. */
export interface Finding {
  code: VerifierCode
  /** Position in the log of the event that breaks it. */
  event?: number
  pcr?: number
}

/** One measurement. */
export interface LoggedEvent {
  /** Position in the log. */
  index: number
  pcr: number
  /** Name or number of the type: no digest covers it. */
  type: string | number
  /** What it is about, as the log says: a word such as `kernel` or `db`. */
  subject: string
  /** Where `verified`, nothing but what the digest covers; else what the log claims. */
  description: string
  /** The PCR is proven, and the digest is the hash of what is described. */
  verified: boolean
  digest?: string
}

/** The channel key that a passed verdict releases. */
export interface AttestedKey {
  instance: string
  epochId: string
  /** The one key configuration chosen, RFC 9458 §3.1, without the prefix that it has in a list. */
  keyConfig: string
  keyId: number
  kemId: number
  kdfId: number
  aeadId: number
  publicKey: string
  /** The gateway's wall clock, in milliseconds since 1970, when the quote was asked for. */
  serverTimeMs: number
  /** For how long after the nonce was sent the key may be used. */
  validForMs: number
}

/** Every required step passed. */
export interface PassedVerdict extends Report {
  result: 'pass'
  simulated: false
  assurance: Exclude<Assurance, 'simulated'>
  key: AttestedKey
  /** To be kept for the next verification, where this one was given a state: PROTOCOL.md §20. */
  nextState?: string
}

/** Every required step passed against a software TPM, which proves nothing. */
export interface SimulatedVerdict extends Report {
  result: 'pass'
  simulated: true
  assurance: 'simulated'
  key: AttestedKey
  /** To be kept for the next verification, where this one was given a state: PROTOCOL.md §20. */
  nextState?: string
}

/** A step failed. There is no key. */
export interface FailedVerdict extends Report {
  result: 'fail'
  code: VerifierCode
  /** As in the step that failed. */
  detail: string
  /**
   * To be kept as that of a passed verdict: what signed documents withdrew, and nothing of the attestation key (PROTOCOL.md §20). There where
   * something new was learned.
   */
  nextState?: string
}

/** What a verification ends in. */
export type Verdict = PassedVerdict | SimulatedVerdict | FailedVerdict
