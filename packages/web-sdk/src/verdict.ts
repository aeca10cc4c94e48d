import type { PassedVerdict, Report, SimulatedVerdict } from '@blindllama/verifier-wasm'

export type {
  Assurance,
  AttestedKey,
  FailedVerdict,
  PassedVerdict,
  Report,
  SimulatedVerdict,
  Step,
  StepId,
  Verdict,
  Voucher,
} from '@blindllama/verifier-wasm'

/** Where plaintext goes behind the gateway (PROTOCOL.md §4). */
export type Upstream = NonNullable<Report['claims']>['upstream']
/** What the model server keeps of one visitor's prompt for the requests of others (PROTOCOL.md §4). */
export type PromptCache = NonNullable<Report['claims']>['promptCache']

/**
 * The verdicts that a client can hold: simulated ones only where the caller allowed them by name. It is a table and no conditional type:
 * of those, TypeScript would take a client that may be simulated for one that is not.
 */
export type TrustedVerdict<AllowSimulated extends boolean> = {
  false: PassedVerdict
  true: PassedVerdict | SimulatedVerdict
}[`${AllowSimulated}`]
