import { BlindLlamaError } from './errors.js'
import { explanationOf, type Judged } from './explain.js'
import type { FailedVerdict } from './verdict.js'

/**
 * Why the verifier refused, with what was expected and what was found, and what to do: for those who write the policy or run the
 * service. Loads nothing and decides nothing.
 *
 * @example
 * ```ts
 * if (error.verdict) console.log(explainRefusal(error, { policy, audience: 'https://chat.example' }))
 * // The measurements match no release of the policy. (PCR 4 of chat 2026.11; PCR 4 is 5d0c…, expected 81ff…) Deploy …
 * ```
 *
 * @param refusal the verdict, or the error that has it as `verdict`
 * @throws {BlindLlamaError} `client.options` for what is no refusal of the verifier
 */
export function explainRefusal(refusal: FailedVerdict | { readonly verdict?: FailedVerdict }, judged: Judged): string {
  const { verdict = refusal } = (refusal ?? {}) as { readonly verdict?: Partial<FailedVerdict> }
  if (!isRefusal(verdict))
    throw new BlindLlamaError(
      'client.options',
      'Only a failed verdict is explained, or an error whose `verdict` is one',
    )
  if (typeof judged !== 'object' || judged === null)
    throw new BlindLlamaError(
      'client.options',
      'The second argument is { policy, audience }: what the service was judged by',
    )
  return explanationOf(verdict, judged)
}

function isRefusal(verdict: unknown): verdict is FailedVerdict {
  return (verdict as Partial<FailedVerdict> | undefined)?.result === 'fail'
}
