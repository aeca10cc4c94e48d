import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { evidenceIn } from '../inspect/evidence-in.js'
import { report } from '../inspect/report.js'
import { hexOf, parse, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { presentWritten, writeMade } from './document.js'
import { sha256, unsigned } from './envelope.js'

type Values = Record<string, string>

interface Part {
  name: string
  pcrs: Values
}

/** Sets of values that belong together (PROTOCOL.md §19.4). */
interface Parts {
  whole?: Part[]
  platforms?: Part[]
  images?: Part[]
}

const options = {
  out: { type: 'string' },
  name: { type: 'string' },
  version: { type: 'string' },
  'min-version': { type: 'string' },
  'source-commit': { type: 'string' },
  'image-digest': { type: 'string' },
  'model-digest': { type: 'string' },
  machine: { type: 'string' },
  days: { type: 'string' },
  from: { type: 'string' },
  'config-digest': { type: 'string', multiple: true },
  bank: { type: 'string', default: 'sha256' },
  pcrs: { type: 'string' },
  'from-evidence': { type: 'string' },
  pcr: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const

const dayMs = 86_400_000

function needed(option: string, value: string | undefined): string {
  if (value === undefined || value === '') throw usage(`release make needs --${option}`)
  return value
}

export function integerOf(option: string, text: string): number {
  const value = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw usage(`--${option}: '${text}' is no number from 1 on`)
  return value
}

export function digestOf(option: string, text: string, length = 32): string {
  return Buffer.from(hexOf(`--${option}`, text, length)).toString('hex')
}

async function fromFile(file: string): Promise<Parts> {
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(await bytesOf(file)).toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw usage(`--pcrs: ${file} is no JSON`)
    throw cause
  }
  if (typeof read !== 'object' || read === null) throw usage(`--pcrs: ${file} is no object`)
  const parts = read as Parts
  const { whole, platforms, images } = parts
  // `release measure` explains its values in a further member, which is no part of a manifest.
  assertWithin(file, 'platforms', platforms, /^[0-35-7]$/, '0 to 3 and 5 to 7')
  assertWithin(file, 'images', images, /^(?:[489]|1[1-4])$/, '4, 8, 9 and 11 to 14')
  if (whole ?? platforms ?? images)
    return { ...(whole && { whole }), ...(platforms && { platforms }), ...(images && { images }) }
  return { whole: [{ name: 'whole', pcrs: read as Values }] }
}

/** A value in the wrong part, by the list that it stands in; every other fault is found by the verifier's own reading. */
function assertWithin(file: string, list: string, parts: unknown, allowed: RegExp, said: string): void {
  if (!Array.isArray(parts)) return
  for (const { name, pcrs } of parts as Partial<Part>[])
    for (const index of Object.keys(pcrs ?? {}))
      if (!allowed.test(index))
        throw usage(`--pcrs: ${file} has PCR ${index} in ${list} '${name}', expected ${said} alone`)
}

/** The values that a machine shows. No policy judges them: the caller is told to compare them. */
async function fromEvidence(target: string, bank: string, wanted: readonly string[]): Promise<Parts> {
  const { evidence, staticPart } = await evidenceIn(target)
  const { values: found } = report(loadInspector().inspect(evidence, staticPart))
  if (found?.bank !== bank) throw usage(`--from-evidence: it has no values of ${bank}`)
  const values: Values = {}
  for (const index of wanted) {
    const pcr = found.pcrs.find((value) => String(value.index) === index)
    if (!pcr) throw usage(`--pcr: the evidence has no PCR ${index}`)
    values[index] = pcr.value
  }
  return { whole: [{ name: 'whole', pcrs: values }] }
}

/** Writes a manifest without a signature, and shows it. @throws {Failure} */
export async function make(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parse(args, options)
  const commit = needed('source-commit', values['source-commit'])
  const from = timeOf(values.from ?? 'now')
  const model = values['model-digest']
  const configs = values['config-digest']
  const target = values['from-evidence']
  const parts =
    target === undefined
      ? await fromFile(needed('pcrs', values.pcrs))
      : await fromEvidence(target, values.bank, values.pcr ?? [])
  const manifest = {
    name: needed('name', values.name),
    version: integerOf('version', needed('version', values.version)),
    minVersion: integerOf('min-version', needed('min-version', values['min-version'])),
    notBefore: from,
    notAfter: from + integerOf('days', needed('days', values.days)) * dayMs,
    sourceCommit: digestOf('source-commit', commit, commit.length === 64 ? 32 : 20),
    imageDigest: digestOf('image-digest', needed('image-digest', values['image-digest'])),
    ...(model !== undefined && { modelDigest: digestOf('model-digest', model) }),
    machine: needed('machine', values.machine),
    ...(configs && { configDigests: configs.map((digest) => digestOf('config-digest', digest)) }),
    bank: values.bank,
    ...parts,
  }
  const out = needed('out', values.out)
  const envelope = unsigned('release', manifest)
  await writeMade(out, envelope)
  if (target !== undefined)
    io.err(
      shown`The measurements are those that ${target} showed, and nothing verified them. Compare each with one that you computed.\n`,
    )
  io.out(values.json ? json({ file: out, sha256: sha256(envelope) }) : presentWritten(out, envelope, io))
  return exit.passed
}
