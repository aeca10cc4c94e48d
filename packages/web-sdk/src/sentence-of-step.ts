import { ofCodes, ofSteps } from './generated/sentences.js'
import type { FailedVerdict, Step } from './verdict.js'

/**
 * What a step of a verdict says, in a sentence for a person: what its pass proves, or why it did not pass and where.
 *
 * @example
 * ```ts
 * for (const step of client.verdict.steps) console.log(step.id, sentenceOfStep(step))
 * // signature The attestation key signed this quote.
 * ```
 */
export function sentenceOfStep({ id, status, code, detail }: Step): string {
  return status === 'pass' ? ofSteps[id] : sentenceOfRefusal({ code, detail })
}

/**
 * Why the verifier refused, in a sentence for a person, with the place in parentheses where the code alone does not say it.
 *
 * @example
 * ```ts
 * if (error.verdict) console.log(sentenceOfRefusal(error.verdict))
 * // A certificate of the chain has expired. (certificate 1)
 * ```
 */
export function sentenceOfRefusal({ code, detail }: Pick<FailedVerdict, 'code' | 'detail'>): string {
  return detail === '' ? ofCodes[code] : `${ofCodes[code]} (${detail})`
}
