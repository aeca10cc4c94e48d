import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { facts, instant, section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { documentOf, type Envelope, isGood, readEnvelope, sha256, signed, writeEnvelope } from './envelope.js'
import { readKey } from './keys.js'

const times: ReadonlySet<string> = new Set(['notBefore', 'notAfter', 'date'])

/** One row for each value of a document, however deep it stands. */
function rows(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null) {
    const shown = typeof value === 'number' && times.has(path) ? instant(value) : String(value)
    return [[path, shown]]
  }
  return Object.entries(value).flatMap(([name, inner]) => rows(inner, path === '' ? name : `${path}.${name}`))
}

function present(file: string, envelope: Envelope, style: Style): string {
  const signatures = envelope.signatures.map((signature): [string, string] => [
    isGood(envelope, signature) ? 'good' : 'WRONG',
    signature.keyid,
  ])
  const head = facts(
    [
      ['kind', envelope.kind],
      ['sha256', sha256(envelope)],
    ],
    style,
  )
  return `${head}${section('Says', facts(rows(documentOf(file, envelope), ''), style), style)}${section('Signed by', facts(signatures, style), style)}`
}

const options = {
  key: { type: 'string' },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

function tell(file: string, envelope: Envelope, json: boolean, io: Io): ExitCode {
  const signatures = envelope.signatures.map((signature) => ({
    key: signature.keyid,
    good: isGood(envelope, signature),
  }))
  const { kind } = envelope
  const document = documentOf(file, envelope)
  io.out(
    json
      ? `${JSON.stringify({ kind, sha256: sha256(envelope), document, signatures })}\n`
      : present(file, envelope, styleOf(io)),
  )
  return signatures.every(({ good }) => good) ? exit.passed : exit.refused
}

/** Shows a document and who signed it. @throws {Failure} */
export async function show(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined) throw usage('release show FILE')
  return tell(file, await readEnvelope(file), values.json, io)
}

/** Adds a signature. @throws {Failure} */
export async function sign(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || values.key === undefined) throw usage('release sign FILE --key FILE')
  const envelope = signed(await readEnvelope(file), await readKey(values.key))
  await writeEnvelope(file, envelope)
  return tell(file, envelope, values.json, io)
}

/** Adds a second signature, after everything was shown and the first ones were checked. @throws {Failure} */
export async function countersign(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || values.key === undefined) throw usage('release countersign FILE --key FILE')
  const envelope = await readEnvelope(file)
  const key = await readKey(values.key)
  if (envelope.signatures.length === 0) throw usage(`${file}: nobody has signed it yet`)
  const told = tell(file, envelope, values.json, io)
  if (told !== exit.passed) return told
  if (values.yes) await writeEnvelope(file, signed(envelope, key))
  else io.err('Not signed: say --yes once you have checked every value above.\n')
  return exit.passed
}
