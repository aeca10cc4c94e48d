import { BlindLlamaBadge } from './elements/badge.js'
import { defineElements } from './elements/define.js'
import { BlindLlamaRefusal } from './elements/refusal.js'
import { BlindLlamaVerification } from './elements/verification.js'

export { BlindLlamaBadge, BlindLlamaRefusal, BlindLlamaVerification }
export type { Measured } from './panel/measurements.js'
export { type Limit, limitsOf } from '@blindllama/web-sdk/sentences'
export { isPassing, type ProofStatus } from './proof/answer.js'
export type { Evidence } from './proof/evidence.js'
export { Proof, type ProofOptions } from './proof/proof.js'
export type { Problem, ProofSource, ProofState } from './proof/source.js'
export { en } from './strings/en.js'
export type { Strings } from './strings/strings.js'

declare global {
  // `document.querySelector('blindllama-badge')` is then an element that has `proof`.
  interface HTMLElementTagNameMap {
    'blindllama-badge': BlindLlamaBadge
    'blindllama-verification': BlindLlamaVerification
    'blindllama-refusal': BlindLlamaRefusal
  }
}

defineElements()
