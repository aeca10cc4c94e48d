import type { Policy } from './policy/policy.ts'
import { demand, Refusal } from './refusal.ts'
import { keySetId } from './release/key-set.ts'
import type { Manifest } from './release/manifest.ts'
import type { Status } from './release/status.ts'
import { encodeState, raiseFloor, readState, remember, type State, wentBack } from './state.ts'
import type { Quote } from './tpm/attest.ts'

/** What step `state` compares with what was kept. */
export interface Visit {
  readonly policy: Policy
  readonly name: Uint8Array
  readonly quote: Quote
  /** Outside the endorsement hierarchy a TPM obfuscates its counters per key. */
  readonly isComparable: boolean
  readonly manifest: Manifest | undefined
  readonly status: Status | undefined
}

const nothing: State = { keys: [], floors: [] }

/** The floors that the caller kept; what cannot be read holds none here, and fails in its own step (PROTOCOL.md §19.7). */
export function readFloors(state: Uint8Array | undefined): State {
  if (state === undefined) return nothing
  try {
    return readState(state)
  } catch (error) {
    if (error instanceof Refusal) return nothing
    throw error
  }
}

/**
 * Step `state`, PROTOCOL.md §20: what is to be kept now, or undefined where the caller keeps nothing.
 *
 * @throws {Refusal} state.*
 */
export async function checkState(
  kept: Uint8Array | undefined,
  { policy, name, quote, isComparable, manifest, status }: Visit,
  warnings: string[],
): Promise<Uint8Array | undefined> {
  if (kept === undefined) {
    demand(!policy.requireMonotonicState, 'state.missing', 'nothing is kept')
    return undefined
  }
  const state = await withFloor(readState(kept), policy, manifest, status)
  const fault = isComparable ? wentBack(state, name, quote) : undefined
  if (fault !== undefined) {
    demand(!policy.requireMonotonicState, fault, 'since the last visit')
    warnings.push(fault)
  }
  return encodeState(isComparable ? remember(state, name, quote) : state)
}

async function withFloor(
  state: State,
  { signing }: Policy,
  manifest: Manifest | undefined,
  status: Status | undefined,
): Promise<State> {
  if (signing.keys === undefined || manifest === undefined) return state
  const id = await keySetId(signing.keys)
  const least = Math.max(manifest.minVersion, status?.minVersion ?? 0)
  return raiseFloor(state, id, BigInt(least))
}
