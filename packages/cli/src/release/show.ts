import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { facts, type Row, section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { json, type Shown, shown } from '../terminal/text.js'
import { documentOf, presentDocument } from './document.js'
import { type Envelope, isGood, logEntry, readEnvelope, sha256 } from './envelope.js'
import type { KeySet } from './keys.js'
import { assertLogged } from './logged.js'
import { countRoles, readTrust, signersOf } from './trust.js'

const options = {
  policy: { type: 'string' },
  'key-set': { type: 'string', multiple: true },
  proof: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** What is said of an envelope beside its document. */
export interface DocumentReport {
  file: string
  envelope: Envelope
  /** The keys that the caller's policy trusts with such documents. Without them a signature proves nothing. */
  set: KeySet | undefined
  /** Set by verbs that can sign. */
  signed?: boolean
  /** Name of the log in which it is proven to be. */
  logged?: string
}

/** Shows a document, every value of it, and its signatures. @throws {Failure} */
export function tell({ file, envelope, set, signed, logged }: DocumentReport, asJson: boolean, io: Io): void {
  const signatures = envelope.signatures.map((signature) => ({
    key: signature.keyid,
    good: isGood(envelope, signature),
    ...(set && { role: roleOf(signature.keyid, set) ?? null }),
  }))
  const roles = set && countRoles(envelope, set)
  const { kind } = envelope
  const document = documentOf(file, envelope)
  if (asJson)
    return io.out(
      json({
        kind,
        sha256: sha256(envelope),
        document,
        signatures,
        ...(roles && { roles }),
        ...(signed !== undefined && { signed }),
        ...(logged !== undefined && { logged }),
      }),
    )
  const style = styleOf(io)
  io.out(
    shown`${presentDocument(file, envelope, style)}${presentSignatures(signatures, style)}${presentRoles(roles, style)}${
      logged === undefined ? '' : section('Log', facts([['in', logged]], style), style)
    }`,
  )
}

interface SignatureRow {
  key: string
  good: boolean
  /** `null` for a key that the policy does not know; absent without a policy. */
  role?: string | null
}

function presentSignatures(signatures: readonly SignatureRow[], style: Style): Shown {
  const rows = signatures.map(({ key, good, role }): Row => {
    const whose = role === undefined ? 'whose key that is, no policy says' : (role ?? 'NOT a key of the policy')
    return [good ? 'good' : 'WRONG', shown`${key}  ${style.dim(whose)}`]
  })
  return section('Signed by', facts(rows, style), style)
}

function presentRoles(roles: ReturnType<typeof countRoles> | undefined, style: Style): Shown {
  const rows = (roles ?? []).map(({ role, signed, needed }): Row => [role, `${signed} of ${needed}`])
  return section('Signatures by the policy', facts(rows, style), style)
}

function roleOf(key: string, { keys }: KeySet): string | undefined {
  return keys.find((each) => each.key === key)?.role
}

/**
 * Shows a document and who signed it. Only a policy of the caller judges the signatures, and the proof of its log.
 *
 * @throws {Failure}
 */
export async function show(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw usage('release show FILE [--policy FILE]')
  if (values.policy === undefined && (values['key-set'] ?? values.proof))
    throw usage('--key-set and --proof mean nothing without --policy')
  const envelope = await readEnvelope(file)
  const trust = values.policy === undefined ? undefined : await readTrust(values.policy, values['key-set'] ?? [])
  const set = trust && signersOf(envelope.kind, trust)
  const isGenuine = envelope.signatures.every((signature) => isGood(envelope, signature))
  const isWhole =
    isGenuine && set !== undefined && countRoles(envelope, set).every(({ signed, needed }) => signed >= needed)
  let logged: string | undefined
  if (isWhole && values.proof !== undefined) {
    if (trust?.log === undefined) throw usage('--proof: the policy names no log')
    assertLogged(values.proof, logEntry(envelope), await bytesOf(values.proof), trust.log)
    logged = trust.log.origin
  }
  tell({ file, envelope, set, ...(logged !== undefined && { logged }) }, values.json, io)
  if (!isGenuine) return exit.refused
  if (!set) return exit.unjudged
  return isWhole ? exit.passed : exit.refused
}
