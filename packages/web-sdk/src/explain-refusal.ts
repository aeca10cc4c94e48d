import { remedies } from './generated/remedies.js'
import type { Policy } from './policy.js'
import { sentenceOfRefusal } from './sentence-of-step.js'
import type { FailedVerdict } from './verdict.js'

/** What evidence was judged by. */
export interface Judged {
  /** JSON text, or its bytes. */
  readonly policy: string | Uint8Array
  /** Of the service, where the policy states none. */
  readonly audience?: string
}

/** As many differing PCRs as a person compares; the verdict has all values. */
const maxPcrs = 3

/**
 * Why the verifier refused, with what was expected and what was found, and what to do: for those who write the policy or run the
 * service. Loads nothing and decides nothing.
 *
 * @example
 * ```ts
 * if (error.verdict) console.log(explainRefusal(error.verdict, { policy, audience: 'https://chat.example' }))
 * // The measurements match no release of the policy. (PCR 4 of chat 2026.11; PCR 4 is 5d0c…, expected 81ff…) Deploy …
 * ```
 */
export function explainRefusal(verdict: FailedVerdict, judged: Judged): string {
  const facts = factsOf(verdict, policyOf(judged.policy), judged.audience)
  const sentence = sentenceOfRefusal({ ...verdict, detail: [verdict.detail, facts].filter(Boolean).join('; ') })
  // The code comes behind: no sentence needs its stop there.
  return `${sentence} ${remedies[verdict.code]}`.replace(/\.$/, '')
}

function factsOf(verdict: FailedVerdict, policy: Partial<Policy>, audience: string | undefined): string {
  const { code, claims } = verdict
  if (code === 'pcr.mismatch' || code === 'pcr.touched') return pcrFacts(verdict, policy)
  if (code === 'ak.untrusted' || code === 'chain.root')
    return `anchors of the policy: ${policy.anchors?.map((anchor) => ('kind' in anchor ? anchor.kind : 'allOf')).join(', ')}`
  if (code === 'claims.audience')
    return `asked for ${policy.audience ?? audience}, the gateway serves ${claims?.audiences.join(', ')}`
  if (code === 'claims.upstream')
    return `the policy accepts ${(policy.acceptUpstream ?? ['in-image', 'attested']).join(', ')}; the gateway says ${claims?.upstream}`
  return ''
}

function pcrFacts({ code, detail, pcrs }: FailedVerdict, policy: Partial<Policy>): string {
  const [, list = detail, name] = /^(.*?) of (.*)$/.exec(detail) ?? []
  const expected: Readonly<Record<string, string>> =
    policy.releases?.find((release) => release.name === name)?.pcrs ?? {}
  const indices = [...list.matchAll(/PCR (\d+)/g)].map(([, index]) => Number(index))
  return indices
    .slice(0, maxPcrs)
    .map((index) => {
      const actual = pcrs?.values.find((pcr) => pcr.index === index)?.value
      const wanted = code === 'pcr.touched' ? 'its reset value' : (expected[index] ?? 'that of the signed release')
      return `PCR ${index} is ${actual}, expected ${wanted}`
    })
    .join('; ')
}

/** For its words alone: the verifier has read it. */
function policyOf(policy: Judged['policy']): Partial<Policy> {
  try {
    return JSON.parse(typeof policy === 'string' ? policy : new TextDecoder().decode(policy)) as Partial<Policy>
  } catch {
    return {}
  }
}
