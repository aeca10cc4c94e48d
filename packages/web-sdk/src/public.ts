export type { StateStore } from './attestation/state-store.js'
export type { ChannelFetch } from './channel/fetch.js'
export type { Resend } from './channel/resend.js'
export type { BlindLlamaClient } from './connect.js'
export { BlindLlamaError } from './errors.js'
export type { BlindLlamaErrorOptions, Code } from './errors.js'
export type { AttestReason, ConnectEvent } from './events.js'
export type { ConnectOptions } from './options.js'
export type {
  Anchor,
  EventRule,
  PcrRule,
  Platform,
  Policy,
  PolicyJson,
  ProcessorVersions,
  Release,
  ReleaseKeys,
  ReleaseLog,
  ReleaseStatus,
  SingleAnchor,
  SuiteName,
} from './policy.js'
export type {
  Assurance,
  AttestedKey,
  FailedVerdict,
  PassedVerdict,
  Report,
  SimulatedVerdict,
  Step,
  StepId,
  TrustedVerdict,
  PromptCache,
  Upstream,
  Verdict,
  Voucher,
} from './verdict.js'
export type { WasmSource } from './verifier/source.js'
