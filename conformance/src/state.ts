import { equal, toHex } from './bytes.ts'
import type { Cbor } from './cbor.ts'
import { encodeCbor } from './cbor-encode.ts'
import { demand, Refusal } from './refusal.ts'
import { decodeItem, Shape } from './shape.ts'
import type { Quote } from './tpm/attest.ts'

/** What a verifier remembers of earlier verdicts, PROTOCOL.md §20. */
export interface State {
  /** The one verified last at the end. */
  readonly keys: readonly KeyState[]
  /** Floors by key set id. */
  readonly floors: readonly Floor[]
}

export interface KeyState {
  readonly name: Uint8Array
  readonly resetCount: number
  readonly restartCount: number
  readonly clock: bigint
  readonly firmwareVersion: bigint
}

export interface Floor {
  readonly keySetId: Uint8Array
  readonly minVersion: bigint
}

const code = 'state.encoding'
const maxBytes = 64 << 10
const maxEntries = 64
const uint32 = 2n ** 32n - 1n

/** Zero bytes are a first visit. @throws {Refusal} state.encoding */
export function readState(bytes: Uint8Array): State {
  if (bytes.length === 0) return { keys: [], floors: [] }
  demand(bytes.length <= maxBytes, code, `${bytes.length} bytes`)
  const shape: Shape = new Shape(decodeItem(bytes, 'state'), code, 'state')
  shape.uint(0, 1n, 1n)
  const keys = shape.array(1, maxEntries).map(readKeyState)
  const floors = shape.array(2, maxEntries).map(readFloor)
  shape.end()
  demand(new Set(keys.map(({ name }) => toHex(name))).size === keys.length, code, 'a key occurs twice')
  for (const [index, { keySetId }] of floors.entries()) {
    const before = floors[index - 1]
    demand(before === undefined || Buffer.compare(before.keySetId, keySetId) < 0, code, 'key sets that do not ascend')
  }
  return { keys, floors }
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

function readFloor(item: Cbor): Floor {
  const shape: Shape = new Shape(item, code, 'release-floor')
  const floor = { keySetId: shape.bytes(0, 32, 32), minVersion: shape.uint(1) }
  shape.end()
  return floor
}

export function encodeState({ keys, floors }: State): Uint8Array {
  return encodeCbor(
    new Map<bigint, Cbor>([
      [0n, 1n],
      [
        1n,
        keys.map((key) =>
          numbered(key.name, BigInt(key.resetCount), BigInt(key.restartCount), key.clock, key.firmwareVersion),
        ),
      ],
      [2n, floors.map(({ keySetId, minVersion }) => numbered(keySetId, minVersion))],
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

/** Floors only rise, and none is forgotten. @throws {Refusal} state.full */
export function raiseFloor(state: State, keySetId: Uint8Array, minVersion: bigint): State {
  const others = state.floors.filter((floor) => !equal(floor.keySetId, keySetId))
  const floors = [...others, { keySetId, minVersion: max(minVersion, floorOf(state, keySetId)) }]
  if (floors.length > maxEntries) throw new Refusal('state.full', 'a 65th key set')
  return { ...state, floors: floors.toSorted((a, b) => Buffer.compare(a.keySetId, b.keySetId)) }
}

export function floorOf({ floors }: State, keySetId: Uint8Array): bigint {
  return floors.find((floor) => equal(floor.keySetId, keySetId))?.minVersion ?? 0n
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
