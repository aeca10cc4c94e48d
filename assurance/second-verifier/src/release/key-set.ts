import { concat, lengthPrefixed, toHex, utf8 } from '../bytes.ts'
import type { Cbor } from '../cbor.ts'
import { encodeCbor } from '../cbor-encode.ts'
import { sha256 } from '../crypto.ts'
import { isEd25519Key } from '../ed25519.ts'
import type { Members } from '../members.ts'
import { demand } from '../refusal.ts'

/** Who may sign, and how many of each role have to: PROTOCOL.md §19.1. */
export interface KeySet {
  readonly keys: readonly { readonly key: Uint8Array; readonly role: string }[]
  readonly threshold: ReadonlyMap<string, number>
  /** In force before this, in ms since 1970; undefined: without end. */
  readonly notAfter: number | undefined
}

const rolePattern = /^[a-z0-9-]{1,32}$/

/** Reads `keys`, `threshold` and `notAfter` of an object. What means nothing safe is noted. @throws {Refusal} with `syntax` */
export function readKeySet(members: Members, syntax: string): KeySet {
  const keys = members.list('keys', 16, (value) => {
    const entry = members.member(value, 'key')
    const read = { key: entry.hex('key', 32), role: entry.text('role', rolePattern) }
    entry.end()
    return read
  })
  const thresholds = members.object('threshold')
  const threshold = new Map(thresholds.entries().map(([role]) => [role, thresholds.integer(role, 1, 16)]))
  const wellNamed = [...threshold.keys()].every((role) => rolePattern.test(role))
  demand(wellNamed && threshold.size >= 1 && threshold.size <= 16, syntax, 'threshold')
  const notAfter = members.optionalInteger('notAfter', 0, Number.MAX_SAFE_INTEGER)
  if (!keys.every(({ key }) => isEd25519Key(key))) members.noteInvalid('a key that is no point of large order')
  if (new Set(keys.map(({ key }) => toHex(key))).size !== keys.length) members.noteInvalid('a key occurs twice')
  if (!keys.every(({ role }) => threshold.has(role))) members.noteInvalid('a role without a threshold')
  for (const [role, count] of threshold)
    if (keys.filter((entry) => entry.role === role).length < count)
      members.noteInvalid(`a threshold above the keys of ${role}`)
  return { keys, threshold, notAfter }
}

/** `key-set-id`, PROTOCOL.md §19.2. */
export async function keySetId({ keys, threshold, notAfter }: KeySet): Promise<Uint8Array> {
  const byKey = keys.toSorted((a, b) => Buffer.compare(a.key, b.key)).map(({ key, role }) => [key, role])
  const byRole = rolesOf(threshold).map((role) => [role, BigInt(threshold.get(role) as number)])
  const members: [bigint, Cbor][] = [
    [0n, byKey],
    [1n, byRole],
  ]
  if (notAfter !== undefined) members.push([2n, BigInt(notAfter)])
  const description = encodeCbor(new Map(members))
  return sha256(concat(lengthPrefixed(utf8('blindllama/key-set/v1')), lengthPrefixed(description)))
}

/** @throws {Refusal} release.key_set_expired */
export function checkInForce({ notAfter }: KeySet, nowMs: number): void {
  demand(notAfter === undefined || nowMs < notAfter, 'release.key_set_expired', `until ${notAfter}`)
}

/** In their bytewise order: they are ASCII. */
export function rolesOf(threshold: KeySet['threshold']): string[] {
  return [...threshold.keys()].toSorted()
}
