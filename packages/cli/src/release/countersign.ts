import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { hexOf, parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { shown } from '../terminal/text.js'
import { assertReviewed, documentOf } from './document.js'
import { type Envelope, isGood, readEnvelope, sha256, signed, writeEnvelope } from './envelope.js'
import { type KeySet, publicHex, readKey } from './keys.js'
import { tell } from './show.js'
import { assertFollows, assertSigned, countRoles, readTrust, signersOf } from './trust.js'

const options = {
  key: { type: 'string' },
  sha256: { type: 'string' },
  policy: { type: 'string' },
  'key-set': { type: 'string', multiple: true },
  after: { type: 'string', multiple: true },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

const howTo =
  'first run countersign without them and review every value, then name the SHA-256 that it shows in --sha256 HEX, and in --policy FILE a policy whose keys must have signed before'

/**
 * Adds an auditor's signature. Two inputs of the auditor bind it: the SHA-256 of the document that was reviewed, and a policy that names
 * the keys that must have signed before. Without them the verb shows the document and signs nothing.
 *
 * @throws {Failure}
 */
export async function countersign(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || positionals.length > 1 || values.key === undefined)
    throw usage('release countersign FILE --key FILE [--policy FILE --sha256 HEX]')
  const { sha256: reviewed, policy, 'key-set': keySets, after, json } = values
  if (reviewed !== undefined) hexOf('--sha256', reviewed, 32)
  if (values.yes && (reviewed === undefined || policy === undefined))
    throw usage(`--yes alone would sign what was never shown: ${howTo}`)
  if (reviewed !== undefined && policy === undefined)
    throw usage(`--sha256 signs only together with --policy: ${howTo}`)
  if (policy === undefined && (keySets ?? after)) throw usage('--key-set and --after mean nothing without --policy')

  const envelope = await readEnvelope(file)
  const key = await readKey(values.key)
  documentOf(file, envelope)
  if (envelope.signatures.length === 0)
    throw usage(`${file}: nobody has signed it yet; a countersignature is a second one`)
  const trust = policy === undefined ? undefined : await readTrust(policy, keySets ?? [])
  const set = trust && signersOf(envelope.kind, trust)
  if (!envelope.signatures.every((signature) => isGood(envelope, signature))) {
    tell({ file, envelope, set, signed: false }, json, io)
    return exit.refused
  }
  if (!trust || !set || reviewed === undefined) {
    tell({ file, envelope, set, signed: false }, json, io)
    io.err(
      shown`Not signed. Review every value above, then sign this very document with: --policy FILE --sha256 ${sha256(envelope)}\n`,
    )
    return exit.unjudged
  }
  assertReviewed(file, envelope, reviewed)
  assertFollows(file, envelope, trust.current)
  assertSignedBefore(file, envelope, set, publicHex(key), after)
  const more = signed(envelope, key)
  await writeEnvelope(file, more)
  tell({ file, envelope: more, set, signed: true }, json, io)
  return exit.passed
}

/**
 * Demands that the key is one of the policy's, that another key of the policy has signed, and that the roles of `after` are
 * complete. By default these are all roles but the key's own.
 */
function assertSignedBefore(
  file: string,
  envelope: Envelope,
  set: KeySet,
  own: string,
  after: readonly string[] | undefined,
): void {
  const role = set.keys.find(({ key }) => key === own)?.role
  if (role === undefined)
    throw new Failure(
      'cli.signers',
      `The key ${own} is not among the keys that the policy names for a ${envelope.kind}, so its signature would not count. Use another key, or the policy that names it`,
      exit.refused,
    )
  const unknown = after?.find((each) => !Object.hasOwn(set.threshold, each))
  if (unknown !== undefined) throw usage(`--after: the policy has no role '${unknown}'`)
  assertSigned(file, envelope, set, (each) => (after ? after.includes(each) : each !== role))
  const others = { ...envelope, signatures: envelope.signatures.filter(({ keyid }) => keyid !== own) }
  if (countRoles(others, set).every(({ signed: count }) => count === 0))
    throw new Failure(
      'cli.signers',
      `${file} is signed by no other key of the policy, and a countersignature is a second one. Have it signed first, or check that the policy is the right one`,
      exit.refused,
    )
}
