import type { Code } from '@blindllama/web-sdk'
import { ofPlace } from './reasons.js'
import { faultOf } from './read.js'
import { mend, type Place, placeOf } from './mend.js'

/** A fault of a policy, for its author. */
export interface Mistake {
  readonly code: Code
  /** As verdicts write it, such as `releases[0].pcrs.4`. */
  readonly place: string
  readonly why: string
}

/** More than a person corrects at once. */
const most = 32

/**
 * Every mistake of a policy. The verifier decides what is one: it names the first, that one is mended in a copy, and the verifier reads
 * the copy. So no rule is written twice. Empty where the verifier reads the policy.
 */
export function mistakesOf(bytes: Uint8Array): Mistake[] {
  const mistakes: Mistake[] = []
  const seen = new Set<string>()
  let text = Buffer.from(bytes).toString('utf8')
  for (let fault = faultOf(bytes); fault && mistakes.length < most; fault = faultOf(Buffer.from(text))) {
    const { code, detail } = fault
    const policy = jsonOf(text)
    const place = policy && placeOf(policy, detail)
    // The same again was not mended: what comes behind it shows once its author has.
    if (seen.has(`${code} ${detail}`)) break
    seen.add(`${code} ${detail}`)
    mistakes.push({ code, place: detail, why: why(text, fault, place) })
    if (!policy || !place || !mend(policy, place)) break
    text = JSON.stringify(policy)
  }
  return mistakes
}

function why(text: string, { code, detail }: { code: Code; detail: string }, place: Place | undefined): string {
  const offset = /^byte (\d+)$/.exec(detail)?.[1]
  if (offset === undefined) return ofPlace(code, place)
  const lines = Buffer.from(text).subarray(0, Number(offset)).toString('utf8').split('\n')
  return `is not the strict JSON of a policy at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}: no comment, no comma before an end, no member twice, numbers of digits alone`
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
