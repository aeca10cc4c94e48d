import { remedies } from './generated/remedies.js'
import { policyMembers } from './generated/policy-members.js'
import { nearest } from './nearest.js'
import type { Policy, PolicyJson } from './policy.js'
import { sentenceOfRefusal } from './sentence-of-step.js'
import type { FailedVerdict } from './verdict.js'

/** What evidence was judged by. */
export interface Judged {
  /** JSON text, its bytes, or an object, as `connect` takes it. */
  readonly policy: string | Uint8Array | Policy | PolicyJson
  /** Of the service, where the policy states none. */
  readonly audience?: string
}

/** PROTOCOL.md §7: of a policy that can be read. */
const maxDepth = 8

/** As many differing PCRs as a person compares; the verdict has all values. */
const maxPcrs = 3

/**
 * Why the verifier refused, with what was expected and what was found, and what to do. Loads nothing and decides nothing.
 *
 * A page that is refused loads this module, so that it uses nothing of the SDK's core: a bundler would cut the core in pieces for it.
 */
export function explanationOf(verdict: FailedVerdict, judged: Judged): string {
  const facts = factsOf(verdict, policyOf(judged.policy), judged.audience)
  const sentence = sentenceOfRefusal({ ...verdict, detail: [verdict.detail, facts].filter(Boolean).join('; ') })
  // The code comes behind: no sentence needs its stop there.
  return `${sentence} ${remedies[verdict.code]}`.replace(/\.$/, '')
}

function factsOf(verdict: FailedVerdict, policy: Partial<Policy>, audience: string | undefined): string {
  const { code, claims } = verdict
  if (code === 'pcr.mismatch' || code === 'pcr.touched') return pcrFacts(verdict, policy)
  if (code === 'policy.syntax') return hint(policy) || (isMissing(verdict.detail, policy) ? 'it is missing' : '')
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

/** Whether a place is a member of the policy itself that the policy lacks. */
function isMissing(place: string, policy: object): boolean {
  return policyMembers.includes(place) && !Object.hasOwn(policy, place)
}

/** The first member that no policy has, where its name is near one that a policy has: a misspelt member counts as missing. */
function hint(policy: unknown, depth = 1): string {
  if (typeof policy !== 'object' || policy === null || depth > maxDepth) return ''
  for (const [name, value] of Object.entries(policy)) {
    const near = /^\d+$/.test(name) || policyMembers.includes(name) ? undefined : nearest(name, policyMembers)
    const found = near === undefined ? hint(value, depth + 1) : `${JSON.stringify(name)}: did you mean ${near}?`
    if (found !== '') return found
  }
  return ''
}

/** For its words alone: the verifier has read it. */
function policyOf(policy: unknown): Partial<Policy> {
  try {
    if (typeof policy === 'object' && !ArrayBuffer.isView(policy)) return policy ?? {}
    return JSON.parse(
      typeof policy === 'string' ? policy : new TextDecoder().decode(policy as Uint8Array),
    ) as Partial<Policy>
  } catch {
    return {}
  }
}
