import type { Verdict } from '@blindllama/web-sdk'
import type { Evidence } from './evidence.js'

/** What one flipped bit can be in. */
export const PARTS = ['measurement', 'key', 'nonce', 'anywhere'] as const
export type Part = (typeof PARTS)[number]

/**
 * A copy of `evidence` with one bit flipped in `part`, of which `verdict` names the value; `undefined` where the evidence does not hold
 * that value.
 */
export function tamper(evidence: Evidence, part: Part, verdict: Verdict): Evidence | undefined {
  if (part === 'nonce') return { ...evidence, nonce: flipped(evidence.nonce, 0) }
  const bytes = evidence.evidence
  if (part === 'anywhere') {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
    return { ...evidence, evidence: flipped(bytes, random % bytes.length, random >>> 29) }
  }
  const value = part === 'key' ? keyOf(verdict) : verdict.pcrs?.values[0]?.value
  const at = value === undefined ? -1 : indexOf(bytes, value)
  return at < 0 ? undefined : { ...evidence, evidence: flipped(bytes, at) }
}

function keyOf(verdict: Verdict): string | undefined {
  return verdict.result === 'pass' ? verdict.key.publicKey : undefined
}

function flipped(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ (1 << bit)
  return copy
}

/** Position of the bytes that `hex` writes. */
function indexOf(bytes: Uint8Array, hex: string): number {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  for (let at = digits.indexOf(hex); at >= 0; at = digits.indexOf(hex, at + 1)) if (at % 2 === 0) return at / 2
  return -1
}
