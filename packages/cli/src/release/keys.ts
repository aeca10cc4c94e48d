import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { dirname } from 'node:path'
import { exit } from '../exit.js'
import { Failure, unreadable } from '../failure.js'
import { contentOf, withRegularFile } from '../read-file.js'
import { syncNames, writeNew } from '../replace-file.js'
import { encode, type Item } from './cbor.js'

/** Keys with their roles, and how many of each role have to sign (PROTOCOL.md §19.1). */
export interface KeySet {
  keys: { key: string; role: string }[]
  threshold: Record<string, number>
  /** In force before this, in ms since 1970; a set without it does not end. */
  notAfter?: number
}

/** The 32 bytes of the public key, in hex. */
export function publicHex(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
}

/**
 * Makes a key in a file that nobody else may read, and that was not there before.
 *
 * @throws {Failure} `cli.file`
 */
export async function makeKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeKey(file, privateKey)
  return publicHex(privateKey)
}

/**
 * Writes a private key into a file that nobody else may read, and that was not there before.
 *
 * @throws {Failure} `cli.file`
 */
export async function writeKey(file: string, privateKey: KeyObject): Promise<void> {
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' })
  try {
    await writeNew(file, pem, 0o600)
    // The printed half goes into policies: the other one must not be lost with the power.
    await syncNames(dirname(file))
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/**
 * @throws {Failure} `cli.file`, `cli.release` for a key that others may read, or that is not Ed25519
 */
export async function readKey(file: string): Promise<KeyObject> {
  const key = await readPrivateKey(file)
  if (key.asymmetricKeyType !== 'ed25519') throw refused(file, 'not an Ed25519 key')
  return key
}

/** A private key of any kind. @throws {Failure} `cli.file`, `cli.release` for a key that others may read */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  const { text, mode } = await opened(file)
  if ((mode & 0o077) !== 0) throw refused(file, 'others may read this key: chmod 600')
  try {
    return createPrivateKey(text)
  } catch {
    throw refused(file, 'not a PKCS#8 PEM')
  }
}

function refused(file: string, what: string): Failure {
  return new Failure('cli.release', `${file}: ${what}`, exit.undecided)
}

/** Content and rights of one and the same file: both are asked of what was opened, and not of its name. */
async function opened(file: string): Promise<{ text: string; mode: number }> {
  return withRegularFile(file, async (handle) => ({
    mode: (await handle.stat()).mode,
    text: Buffer.from(await contentOf(file, handle)).toString('utf8'),
  }))
}

/** RFC 8410 §4: what stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether a signature (RFC 8032) is one over `message`. @param key public key in hex; one that is no key verifies nothing */
export function verifies(key: string, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    const der = Buffer.concat([spkiPrefix, Buffer.from(key, 'hex')])
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}

/** The set of keys that a document is, or `undefined`: distinct keys, a threshold for every role that its keys can meet. */
export function keySetIn(document: Record<string, unknown>): KeySet | undefined {
  const { keys, threshold, notAfter } = document as Partial<KeySet>
  if (!Array.isArray(keys) || typeof threshold !== 'object' || threshold === null) return undefined
  const isKey = (each: KeySet['keys'][number] | null): boolean =>
    typeof each?.key === 'string' && /^[0-9a-f]{64}$/.test(each.key) && Object.hasOwn(threshold, each.role)
  if (!keys.every(isKey) || new Set(keys.map(({ key }) => key)).size !== keys.length) return undefined
  const isMet = ([role, least]: [string, number]): boolean =>
    /^[a-z0-9-]{1,32}$/.test(role) &&
    Number.isSafeInteger(least) &&
    least >= 1 &&
    least <= keys.filter((each) => each.role === role).length
  const roles = Object.entries(threshold)
  if (roles.length === 0 || !roles.every(isMet)) return undefined
  if (notAfter === undefined) return { keys, threshold }
  return Number.isSafeInteger(notAfter) && notAfter >= 0 ? { keys, threshold, notAfter } : undefined
}

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** What names a set of keys (PROTOCOL.md §19.2). */
export function keySetId({ keys, threshold, notAfter }: KeySet): string {
  const sorted = [...keys].sort(({ key: one }, { key: other }) => byText(one, other))
  const roles = Object.entries(threshold)
    .slice()
    .sort(([one], [other]) => byText(one, other))
  const description = new Map<number, Item>([
    [0, sorted.map(({ key, role }): Item => [Buffer.from(key, 'hex'), role])],
    [1, roles],
  ])
  if (notAfter !== undefined) description.set(2, notAfter)
  const hash = createHash('sha256')
  for (const part of [Buffer.from('blindllama/key-set/v1'), encode(description)]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
  return hash.digest('hex')
}
