import { within } from '../abort.js'
import { BlindLlamaError } from '../errors.js'
import type { Judged } from '../explain.js'
import type { FailedVerdict } from '../verdict.js'

/** For the module of the sentences: a refusal must not wait long for its words. */
const SENTENCE_TIMEOUT_MS = 2000

/**
 * The error of a verdict that failed. Its sentence is in a module of its own, which is loaded now: pages that are never refused need
 * none. Where the module does not come, the error has the code and the place all the same.
 */
export async function refusal(verdict: FailedVerdict, judged: Judged): Promise<BlindLlamaError> {
  const sentence = await within(SENTENCE_TIMEOUT_MS, Error, undefined, async () => {
    const { explanationOf } = await import('../explain.js')
    return explanationOf(verdict, judged)
  }).catch(() => `The verifier refused the evidence${verdict.detail && ` (${verdict.detail})`}`)
  return new BlindLlamaError(verdict.code, sentence, { verdict })
}
