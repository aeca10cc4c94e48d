import { createHash } from 'node:crypto'
import { decode, encode } from 'cborg'

/** A decoded bundle, static part or claims: integer keys as in docs/PROTOCOL.md §3 and §4. */
export type CborMap = Map<number, unknown>

export const BUNDLE = { version: 0, claims: 1, quote: 2, nonceProof: 3, pcrs: 4, staticHash: 5, static: 6 } as const
export const QUOTE = { attest: 0, signature: 1 } as const
export const NONCE_PROOF = { index: 0, path: 1 } as const
export const PCRS = { bank: 0, values: 1 } as const
export const STATIC = { akPublic: 0, akChain: 1, eventLogs: 2 } as const
export const CLAIMS = { version: 0, audiences: 1, instance: 2, ohttpKeys: 3, epochId: 4, lifetimeMs: 5 } as const

export function open(bytes: Uint8Array): CborMap {
  return decode(bytes, { useMaps: true }) as CborMap
}

export function close(map: CborMap): Uint8Array {
  return encode(map)
}

/** The bundle with what `change` makes of it. */
export function edit(bundle: Uint8Array, change: (map: CborMap) => void): Uint8Array {
  const map = open(bundle)
  change(map)
  return close(map)
}

export function member(map: CborMap, key: number): CborMap {
  return map.get(key) as CborMap
}

export function bytesOf(map: CborMap, key: number): Uint8Array {
  return map.get(key) as Uint8Array
}

/** Flips the lowest bit of one byte; negative offsets count from the end. */
export function flip(map: CborMap, key: number, offset: number): void {
  const bytes = Uint8Array.from(bytesOf(map, key))
  const index = offset < 0 ? bytes.length + offset : offset
  const byte = bytes[index]
  if (byte === undefined) throw new RangeError(`There is no byte ${offset} of ${bytes.length}`)
  bytes[index] = byte ^ 1
  map.set(key, bytes)
}

/** Changes the static part and makes its hash fit again: the hash alone must not be what catches the change. */
export function editStatic(bundle: CborMap, change: (map: CborMap) => void): void {
  const map = open(bytesOf(bundle, BUNDLE.static))
  change(map)
  const bytes = close(map)
  bundle.set(BUNDLE.static, bytes)
  bundle.set(BUNDLE.staticHash, Uint8Array.from(createHash('sha256').update(bytes).digest()))
}
