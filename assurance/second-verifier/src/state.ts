import { equal, toHex } from './bytes.ts'
import type { Cbor } from './cbor.ts'
import { encodeCbor } from './cbor-encode.ts'
import { demand } from './refusal.ts'
import { decodeItem, Shape } from './shape.ts'
import type { Quote } from './tpm/attest.ts'

/** What a verifier remembers of earlier verdicts, PROTOCOL.md §20. */
export interface State {
  /** The one verified last at the end. */
  readonly keys: readonly KeyState[]
  /** By key set id, ascending. */
  readonly withdrawals: readonly Withdrawal[]
}

export interface KeyState {
  readonly name: Uint8Array
  readonly resetCount: number
  readonly restartCount: number
  readonly clock: bigint
  readonly firmwareVersion: bigint
}

/** What documents proved that were signed under a set of keys which a policy names. */
export interface Withdrawal {
  readonly keySetId: Uint8Array
  readonly floor: bigint
  /** Of the newest status, in ms since 1970. */
  readonly date: bigint
  /** Id of the last successor. */
  readonly current: Uint8Array
}

const code = 'state.encoding'
const maxBytes = 64 << 10
export const maxEntries = 64
const uint32 = 2n ** 32n - 1n

/** Zero bytes are a first visit. @throws {Refusal} state.encoding */
export function readState(bytes: Uint8Array): State {
  if (bytes.length === 0) return { keys: [], withdrawals: [] }
  demand(bytes.length <= maxBytes, code, `${bytes.length} bytes`)
  const shape: Shape = new Shape(decodeItem(bytes, 'state'), code, 'state')
  shape.uint(0, 1n, 1n)
  const keys = shape.array(1, maxEntries).map(readKeyState)
  const withdrawals = shape.array(2, maxEntries).map(readWithdrawal)
  shape.end()
  demand(new Set(keys.map(({ name }) => toHex(name))).size === keys.length, code, 'a key occurs twice')
  for (const [index, { keySetId }] of withdrawals.entries()) {
    const before = withdrawals[index - 1]
    demand(before === undefined || Buffer.compare(before.keySetId, keySetId) < 0, code, 'key sets that do not ascend')
  }
  return { keys, withdrawals }
}

function readKeyState(item: Cbor): KeyState {
  const shape: Shape = new Shape(item, code, 'ak-state')
  const name = shape.bytes(0, 66, 34)
  shape.must([34, 50, 66].includes(name.length), 0)
  const state = {
    name,
    resetCount: Number(shape.uint(1, uint32)),
    restartCount: Number(shape.uint(2, uint32)),
    clock: shape.uint(3),
    firmwareVersion: shape.uint(4),
  }
  shape.end()
  return state
}

function readWithdrawal(item: Cbor): Withdrawal {
  const shape: Shape = new Shape(item, code, 'withdrawal')
  const read = {
    keySetId: shape.bytes(0, 32, 32),
    floor: shape.uint(1),
    date: shape.uint(2),
    current: shape.bytes(3, 32, 32),
  }
  shape.end()
  return read
}

export function encodeState({ keys, withdrawals }: State): Uint8Array {
  return encodeCbor(
    new Map<bigint, Cbor>([
      [0n, 1n],
      [
        1n,
        keys.map((key) =>
          numbered(key.name, BigInt(key.resetCount), BigInt(key.restartCount), key.clock, key.firmwareVersion),
        ),
      ],
      [2n, withdrawals.map(({ keySetId, floor, date, current }) => numbered(keySetId, floor, date, current))],
    ]),
  )
}

function numbered(...members: readonly Cbor[]): Map<bigint, Cbor> {
  return new Map(members.map((member, index) => [BigInt(index), member]))
}

/** How a machine went back since it was seen last; undefined where it did not. */
export function wentBack({ keys }: State, name: Uint8Array, quote: Quote): string | undefined {
  const last = keys.find((key) => equal(key.name, name))
  if (last === undefined) return undefined
  const resets = quote.resetCount - last.resetCount || quote.restartCount - last.restartCount
  if (resets < 0) return 'state.tpm_cleared'
  if (resets === 0 && quote.clock < last.clock) return 'state.clock_back'
  return quote.firmwareVersion < last.firmwareVersion ? 'state.firmware_back' : undefined
}

/** The key's entry goes to the end; the oldest of 65 is forgotten. */
export function remember(state: State, name: Uint8Array, quote: Quote): State {
  const last = state.keys.find((key) => equal(key.name, name))
  const isLate = wentBack(state, name, quote) === 'state.clock_back'
  const { resetCount, restartCount, firmwareVersion } = quote
  const clock = isLate && last !== undefined ? last.clock : quote.clock
  const others = state.keys.filter((key) => key !== last)
  return { ...state, keys: [...others, { name, resetCount, restartCount, clock, firmwareVersion }].slice(-maxEntries) }
}
