import type { Code } from '@blindllama/web-sdk'
import { sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { exit, type ExitCode } from '../exit.js'
import { Failure } from '../failure.js'
import { readPolicy } from '../policy/read.js'
import type { Io } from '../terminal/io.js'
import { facts, instant, type Row, section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { type Shown, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { type Envelope, sha256, writeUnsigned } from './envelope.js'

/** PROTOCOL.md §19.1: of the payload, in bytes. */
const largest = 262_144
/** PROTOCOL.md §19.1: levels of objects and lists. */
const deepest = 8
/** PROTOCOL.md §19.1: of a text member, in bytes. */
const longestText = 255
/** Every name of a member in PROTOCOL.md §19. */
const memberName = /^[A-Za-z0-9-]{1,32}$/

/**
 * The document itself, where it reads in one way only: what a person is shown is then what a verifier reads. `JSON.parse` alone
 * keeps the last of two members of one name, and rounds numbers.
 *
 * A release, a key set, a status and a policy are also read by the verifier: what every client would refuse is not made, signed or shown.
 *
 * @param exitCode where the verifier refuses the document
 * @throws {Failure} `cli.release`; with the verifier's code for a document that it refuses
 */
export function documentOf(
  file: string,
  { kind, payload }: Envelope,
  exitCode: ExitCode = exit.undecided,
): Record<string, unknown> {
  const refused = (what: string): Failure => new Failure('cli.release', `${file}: ${what}`, exit.undecided)
  if (payload.length > largest)
    throw refused(`the document has ${payload.length} bytes, and at most ${largest} are allowed`)
  let text: string
  let parsed: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
    parsed = JSON.parse(text)
  } catch {
    throw refused('the document in it is not JSON in UTF-8')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw refused('the document in it is not a JSON object')
  const document = parsed as Record<string, unknown>
  // The one text that may be long is a document of its own, which the verifier reads.
  const short = kind === 'policy' ? { ...document, policy: '' } : document
  if (membersWritten(text) !== membersIn(short, refused, 1))
    throw refused('the document in it names a member twice, so that it reads in more than one way')
  if (kind === 'policy') readPolicy(file, Buffer.from(String(document['policy'])), exitCode)
  else if (kind === 'release' || kind === 'key-set' || kind === 'status') assertRead(file, kind, payload, exitCode)
  return document
}

/** The one reading that counts is the verifier's. @throws {Failure} `release.syntax`, `release.invalid` */
function assertRead(file: string, kind: string, payload: Uint8Array, exitCode: ExitCode): void {
  const { code, place } = JSON.parse(loadInspector().checkDocument(kind, payload)) as { code: Code; place: string }
  // `ok` is not among the codes of a refusal.
  if (code === 'release.syntax' || code === 'release.invalid')
    throw new Failure(
      code,
      `${file}: ${sentenceOfRefusal({ code, detail: place })} PROTOCOL.md §19 has the rule`,
      exitCode,
    )
}

/**
 * Writes a document that has just been made, where every verifier reads it.
 *
 * @param written what is written, where it was signed at once
 * @throws {Failure} with the verifier's code; `cli.release`, `cli.exists`, `cli.file`
 */
export async function writeMade(file: string, envelope: Envelope, written?: Envelope): Promise<void> {
  documentOf(file, envelope, exit.refused)
  await writeUnsigned(file, envelope, written)
}

/** Strings that a colon follows: outside of strings, JSON has a colon only after the name of a member. */
function membersWritten(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length
}

function membersIn(value: unknown, refused: (what: string) => Failure, depth: number): number {
  if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0))
    throw refused(`the document in it has the number ${value}; integers from 0 to 2^53 - 1 are allowed`)
  if (typeof value === 'string' && Buffer.byteLength(value) > longestText)
    throw refused(
      `the document in it has a text of ${Buffer.byteLength(value)} bytes; at most ${longestText} are allowed`,
    )
  if (typeof value !== 'object' || value === null) return 0
  if (depth > deepest) throw refused(`the document in it nests deeper than ${deepest} levels`)
  const inner = Array.isArray(value) ? value : Object.values(value)
  const names = Array.isArray(value) ? [] : Object.keys(value)
  const strange = names.find((name) => !memberName.test(name))
  if (strange !== undefined) throw refused(`the document in it has a member '${strange}', which no document has`)
  return inner.reduce((sum: number, each: unknown) => sum + membersIn(each, refused, depth + 1), names.length)
}

const times: ReadonlySet<string> = new Set(['notBefore', 'notAfter', 'date'])

/** One row for each value of a document, however deep it stands. */
function rows(value: unknown, path: string): Row[] {
  if (typeof value !== 'object' || value === null)
    return [[path, typeof value === 'number' && times.has(path) ? instant(value) : String(value)]]
  const members = Object.entries(value)
  if (members.length === 0) return [[path, 'none']]
  return members.flatMap(([name, inner]) => rows(inner, path === '' ? name : `${path}.${name}`))
}

/** The digest that names the document in `--sha256`, and every value of it. */
export function presentDocument(file: string, envelope: Envelope, style: Style): Shown {
  const head: Row[] = [
    ['kind', envelope.kind],
    ['sha256', sha256(envelope)],
  ]
  const document = documentOf(file, envelope)
  const { policy } = document
  const said = typeof policy === 'string' ? { ...document, policy: JSON.parse(policy) as object } : document
  return shown`${facts(head, style)}${section('Says', facts(rows(said, ''), style), style)}`
}

/** What a verb has written: the file, then all of it. */
export function presentWritten(file: string, envelope: Envelope, io: Io): Shown {
  const style = styleOf(io)
  return shown`${style.bold(file)}\n${presentDocument(file, envelope, style)}`
}

/** @throws {Failure} `cli.reviewed` where the document is another than the one with this SHA-256 */
export function assertReviewed(file: string, envelope: Envelope, reviewed: string): void {
  const found = sha256(envelope)
  if (found !== reviewed.toLowerCase())
    throw new Failure(
      'cli.reviewed',
      `${file} has the SHA-256 ${found}, and --sha256 says ${reviewed.toLowerCase()}: it is not the document that was reviewed. Show it again and review every value`,
      exit.refused,
    )
}
