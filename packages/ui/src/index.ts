import { defineElements } from './elements/define.js'

export { BlindLlamaBadge } from './elements/badge.js'
export { BlindLlamaRefusal } from './elements/refusal.js'
export { BlindLlamaVerification } from './elements/verification.js'
export type { Measured } from './panel/measurements.js'
export { isPassing, type Limit, limitsOf, type ProofStatus } from './proof/answer.js'
export type { Evidence } from './proof/evidence.js'
export { Proof, type ProofOptions } from './proof/proof.js'
export type { Problem, ProofSource, ProofState } from './proof/source.js'
export { en } from './strings/en.js'
export type { Strings } from './strings/strings.js'

defineElements()
