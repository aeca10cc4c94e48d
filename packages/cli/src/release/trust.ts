import type { Policy } from '@blindllama/web-sdk'
import { exit } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { bytesOf } from '../read-file.js'
import { readPolicy } from '../policy/read.js'
import { documentOf } from './document.js'
import { type Envelope, isGood, type Kind, readEnvelope } from './envelope.js'
import { type KeySet, keySetId, keySetIn } from './keys.js'

/** The keys that a policy of the caller trusts to sign (PROTOCOL.md §19). A document never adds to them. */
export interface Trust {
  /** The set of `releaseKeys`, or the last of its successors that were given. */
  current: KeySet | undefined
  /** Those of `status`, where the policy names them apart. */
  statusSigners: KeySet | undefined
  /** The log that documents have to be in. */
  log: Policy['log']
}

/** How many distinct keys of a role signed, and how many have to. */
export interface RoleCount {
  role: string
  signed: number
  needed: number
}

/**
 * Reads the keys that a policy trusts, and follows them through successors.
 *
 * @param keySets files of successors, oldest first
 * @throws {Failure} with the verifier's code for a policy that it refuses, `cli.file`, `cli.release`, `cli.signers`
 */
export async function readTrust(policyFile: string, keySets: readonly string[]): Promise<Trust> {
  const policy = readPolicy(`--policy: ${policyFile}`, await bytesOf(policyFile))
  let current = policy.releaseKeys
  for (const file of keySets) {
    const successor = await readEnvelope(file, 'key-set')
    assertFollows(file, successor, current)
    assertSigned(file, successor, current)
    current = keySetIn(documentOf(file, successor))
    if (current === undefined) throw new Failure('cli.release', `${file}: not a set of keys`, exit.undecided)
  }
  return { current, statusSigners: policy.status?.signers, log: policy.log }
}

/** @throws {Failure} `cli.usage` where the policy names no keys for such documents */
export function signersOf(kind: Kind, { current, statusSigners }: Trust): KeySet {
  // Who may enrol, certify or choose the policy of a page is no matter of releases.
  const isRelated = kind === 'release' || kind === 'client' || kind === 'key-set' || kind === 'status'
  const signers = kind === 'status' ? (statusSigners ?? current) : current
  const set = isRelated ? signers : undefined
  if (set === undefined) throw usage(`--policy: the policy names no keys that sign a ${kind}`)
  return set
}

/** Of every role of a set, in its order. A key counts once, and only where its signature is one over this document. */
export function countRoles(envelope: Envelope, { keys, threshold }: KeySet): RoleCount[] {
  const good = new Set(envelope.signatures.filter((each) => isGood(envelope, each)).map(({ keyid }) => keyid))
  return Object.entries(threshold).map(([role, needed]) => ({
    role,
    signed: keys.filter((each) => each.role === role && good.has(each.key)).length,
    needed,
  }))
}

/**
 * Demands that as many keys of each role signed as the policy says.
 *
 * @param roles those that are demanded; the others sign later
 * @throws {Failure} `cli.signers`
 */
export function assertSigned(
  file: string,
  envelope: Envelope,
  set: KeySet | undefined,
  roles: (role: string) => boolean = () => true,
): void {
  if (set === undefined) throw usage('--policy: the policy names no releaseKeys')
  const missing = countRoles(envelope, set).filter(({ role, signed, needed }) => roles(role) && signed < needed)
  if (missing.length === 0) return
  const lacks = missing.map(({ role, signed, needed }) => `${role} (${signed} of ${needed})`).join(', ')
  throw new Failure(
    'cli.signers',
    `${file} lacks signatures that the policy demands: ${lacks}. Nothing was written; have them sign it first, or check that the policy is the right one`,
    exit.refused,
  )
}

/** @throws {Failure} `cli.signers` for the successor of another set than the one that the policy leads to */
export function assertFollows(file: string, envelope: Envelope, set: KeySet | undefined): void {
  if (envelope.kind !== 'key-set') return
  if (set === undefined) throw usage('--policy: the policy names no releaseKeys')
  const { previous } = documentOf(file, envelope)
  const expected = keySetId(set)
  if (previous === expected) return
  throw new Failure(
    'cli.signers',
    `${file} succeeds the key set ${String(previous)}, and the policy leads to ${expected}. Name the sets between with --key-set`,
    exit.refused,
  )
}
