import type { Memory } from './memory.ts'
import type { Policy } from './policy/policy.ts'
import { demand } from './refusal.ts'
import { encodeState, remember, wentBack } from './state.ts'
import type { Quote } from './tpm/attest.ts'

/** What step `state` compares with what was kept. */
export interface Visit {
  readonly policy: Policy
  readonly name: Uint8Array
  readonly quote: Quote
  /** Outside the endorsement hierarchy a TPM obfuscates its counters per key. */
  readonly isComparable: boolean
}

/** Step `state`, PROTOCOL.md §20. @throws {Refusal} state.* */
export function checkState(memory: Memory, { policy, name, quote, isComparable }: Visit, warnings: string[]): void {
  if (memory.fault !== undefined) throw memory.fault
  if (memory.kept === undefined) {
    demand(!policy.requireMonotonicState, 'state.missing', 'nothing is kept')
    return
  }
  demand(!memory.isFull, 'state.full', 'a 65th key set')
  const fault = isComparable ? wentBack(memory.state, name, quote) : undefined
  if (fault === undefined) return
  demand(!policy.requireMonotonicState, fault, 'since the last visit')
  warnings.push(fault)
}

/** What a verdict that passed gives to be kept; undefined where the caller keeps nothing. */
export function nextState({ kept, state }: Memory, { name, quote, isComparable }: Visit): Uint8Array | undefined {
  if (kept === undefined) return undefined
  return encodeState(isComparable ? remember(state, name, quote) : state)
}
