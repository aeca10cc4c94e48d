import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { hexOf, parse } from '../options.js'
import { presentDocument } from '../release/document.js'
import { sha256 } from '../release/envelope.js'
import { readPolicy } from '../policy/read.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { styleOf } from '../terminal/style.js'
import { json, shown } from '../terminal/text.js'
import type { EnrolmentRecord, Result } from './enrol.js'
import { readRecord } from './record.js'
import { readRoots } from './roots.js'

const options = {
  policy: { type: 'string' },
  enroller: { type: 'string' },
  roots: { type: 'string' },
  'max-age-days': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

const dayMs = 86_400_000
/** A record may be from the near future: two clocks differ (PROTOCOL.md §19.5 has the same for a status). */
const skewMs = 300_000

/** What a record has to say for the assurance of its anchor. */
const resultOf: Readonly<Record<string, Result>> = { 'hardware-tpm': 'hardware', 'cloud-vtpm': 'virtual' }

/** An anchor of Names, or what holds several. */
interface Anchor {
  assurance?: string
  name?: string
  names?: string[]
  enrolment?: string[]
  allOf?: Anchor[]
}

/**
 * Whether a record is the one that the policy names for its key, and says what the policy says of it.
 *
 * @throws {Failure} `cli.enrolment` where it is not
 */
export async function check(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || positionals.length > 1 || values.policy === undefined)
    throw usage('enrol check RECORD --policy FILE [--enroller HEX] [--roots FILE] [--max-age-days N]')
  if (values.enroller !== undefined) hexOf('--enroller', values.enroller, 32)
  const days = values['max-age-days']
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw usage('--max-age-days: a number of days from 1 on')
  const { envelope, record } = await readRecord(file)
  const policy = readPolicy(`--policy: ${values.policy}`, await bytesOf(values.policy)) as { anchors: Anchor[] }
  const digest = sha256(envelope)
  const refuse = (what: string): Failure => new Failure('cli.enrolment', `${file}: ${what}`, exit.refused)
  const signers = envelope.signatures.map(({ keyid }) => keyid)
  if (values.enroller !== undefined && !signers.includes(values.enroller.toLowerCase()))
    throw refuse(`signed by ${signers.join(', ')}, and not by --enroller`)
  assertNamed(policy.anchors, record, digest, refuse)
  const age = Date.now() - record.date
  if (age < -skewMs) throw refuse('the record is of the future; check the clock of this machine')
  if (days !== undefined && age > Number(days) * dayMs)
    throw refuse(`the record is older than ${days} days. Enrol again`)
  if (values.roots !== undefined) {
    const { roots } = await readRoots(values.roots, [])
    if (!roots.some((root) => root.sha256 === record.rootSha256 && root.kind === record.result))
      throw refuse(`the root of the record is not one of the kind ${record.result} in the roots file`)
  }
  const style = styleOf(io)
  io.out(
    values.json
      ? json({ result: 'named', sha256: digest, signers, record })
      : shown`${style.good(style.bold('AS THE POLICY SAYS'))}\n${presentDocument(file, envelope, style)}\n  signed by ${signers.join(', ')}\n`,
  )
  return exit.passed
}

function assertNamed(
  anchors: readonly Anchor[],
  { akName, result }: EnrolmentRecord,
  digest: string,
  refuse: (what: string) => Failure,
): void {
  const all = anchors.flatMap((anchor) => anchor.allOf ?? [anchor])
  const pairs = all.flatMap(({ name, names = name === undefined ? [] : [name], enrolment, assurance = '' }) =>
    names.map((each, index) => ({ name: each, record: enrolment?.[index], assurance })),
  )
  const own = pairs.filter(({ name }) => name === akName)
  const named = own.filter(({ record }) => record === digest)
  const other = named.find(({ assurance }) => resultOf[assurance] !== result)
  if (other) throw refuse(`the record says ${result}, and its anchor ${other.assurance}`)
  if (named.length > 0) return
  if (pairs.some(({ record }) => record === digest)) throw refuse(`the policy names it for another key than ${akName}`)
  if (own.length === 0) throw refuse(`no anchor of the policy has the Name ${akName}`)
  const others = own.flatMap(({ record }) => record ?? [])
  throw refuse(
    others.length === 0
      ? `the anchor with its Name names no record; add "enrolment": ["${digest}"]`
      : `its SHA-256 is ${digest}, and the policy names ${others.join(', ')}`,
  )
}
