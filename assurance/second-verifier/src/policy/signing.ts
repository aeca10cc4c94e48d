import { toHex } from '../bytes.ts'
import { isEd25519Key } from '../ed25519.ts'
import type { Members } from '../members.ts'
import type { KeySet } from '../release/key-set.ts'
import { readKeySet } from '../release/key-set.ts'
import type { LogPolicy } from '../release/log.ts'

/** Who may release, withdraw and record, PROTOCOL.md §19.3. */
export interface SigningPolicy {
  readonly keys: (KeySet & { readonly minVersion: number | undefined }) | undefined
  readonly status: { readonly maxAgeMs: number; readonly signers: KeySet | undefined } | undefined
  readonly log: LogPolicy | undefined
}

const yearMs = 31_622_400_000
const namePattern = /^[!-*,-~]{1,255}$/

/** @throws {Refusal} policy.syntax */
export function readSigning(members: Members): SigningPolicy {
  const signing = {
    keys: members.has('releaseKeys') ? readReleaseKeys(members.object('releaseKeys')) : undefined,
    status: members.has('status') ? readStatusPolicy(members.object('status')) : undefined,
    log: members.has('log') ? readLogPolicy(members.object('log')) : undefined,
  }
  if (signing.log !== undefined && signing.keys === undefined) members.noteInvalid('log without releaseKeys')
  if (signing.status !== undefined && (signing.status.signers ?? signing.keys) === undefined)
    members.noteInvalid('status without signers')
  return signing
}

function readSet(members: Members): KeySet {
  return readKeySet(members, 'policy.syntax')
}

function readReleaseKeys(members: Members): NonNullable<SigningPolicy['keys']> {
  const minVersion = members.optionalInteger('minVersion', 1, Number.MAX_SAFE_INTEGER)
  const set = readSet(members)
  members.end()
  return { ...set, minVersion }
}

function readStatusPolicy(members: Members): NonNullable<SigningPolicy['status']> {
  const maxAgeMs = members.integer('maxAgeMs', 1000, yearMs)
  const object = members.has('signers') ? members.object('signers') : undefined
  const signers = object === undefined ? undefined : readSet(object)
  object?.end()
  members.end()
  return { maxAgeMs, signers }
}

function readLogPolicy(members: Members): LogPolicy {
  const [origin, key] = [members.text('origin', namePattern), members.hex('key', 32)]
  const witnesses = members.list('witnesses', 16, (value) => {
    const witness = members.member(value, 'witness')
    const read = { name: witness.text('name', namePattern), key: witness.hex('key', 32) }
    witness.end()
    return read
  })
  const threshold = members.integer('threshold', 1, witnesses.length)
  members.end()
  // Two disjoint halves of honest witnesses could each see a history of its own.
  if (2 * threshold <= witnesses.length) members.noteInvalid('a threshold of half of the witnesses or fewer')
  const keys = [key, ...witnesses.map((witness) => witness.key)]
  if (new Set(witnesses.map(({ name }) => name)).size !== witnesses.length)
    members.noteInvalid('two witnesses of one name')
  if (new Set(keys.map(toHex)).size !== keys.length || !keys.every(isEd25519Key))
    members.noteInvalid('keys of log and witnesses')
  return { origin, key, witnesses, threshold }
}
