import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { hexOf, parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { assertReviewed, documentOf } from './document.js'
import { assertSignatures, type Envelope, logEntry, readEnvelope, sha256 } from './envelope.js'
import { assertFollows, assertSigned, readTrust, signersOf } from './trust.js'

const options = {
  log: { type: 'string' },
  origin: { type: 'string' },
  'log-key': { type: 'string' },
  witnesses: { type: 'string' },
  proof: { type: 'string' },
  tool: { type: 'string', default: 'release-log' },
  sha256: { type: 'string' },
  policy: { type: 'string' },
  'key-set': { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const

/** How long the log and its witnesses have, in ms. */
const patienceMs = 5 * 60_000

async function run(program: string, args: readonly string[], io: Io): Promise<void> {
  const failed = (reason: string, cause?: unknown): Failure =>
    new Failure('cli.release', `${program}: ${reason}`, exit.undecided, { cause })
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const patience = setTimeout(() => {
      child.kill('SIGKILL')
      // A process that the tool started may hold the other end for as long as it runs.
      child.stderr.destroy()
      reject(new Failure('cli.timeout', `${program} did not end within ${patienceMs / 1000} s`, exit.undecided))
    }, patienceMs)
    // What the log says comes from witnesses on the network, too: it is shown line by line, as any other text from outside.
    createInterface({ input: child.stderr }).on('line', (line) => io.err(shown`${line}\n`))
    child.once('error', (cause) => {
      clearTimeout(patience)
      reject(failed('cannot be run; build it from services/release-log, and name it with --tool', cause))
    })
    child.once('close', (code) => {
      clearTimeout(patience)
      if (code === 0) resolve()
      else reject(failed('the log did not take the document'))
    })
  })
}

/**
 * Puts a signed document into a log. The entry is what was signed with the signatures, so that everybody who watches the log can read it
 * and sees whose keys were used.
 *
 * @throws {Failure}
 */
export async function publish(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  const { log, origin, 'log-key': key, witnesses, proof, tool, json: asJson } = values
  if (values.policy === undefined && values['key-set']) throw usage('--key-set means nothing without --policy')
  if (values.sha256 !== undefined) hexOf('--sha256', values.sha256, 32)
  if ([file, log, origin, key, witnesses, proof].includes(undefined))
    throw usage('release publish FILE needs --log, --origin, --log-key, --witnesses and --proof')
  const envelope = await readEnvelope(file as string)
  documentOf(file as string, envelope)
  assertSignatures(file as string, envelope)
  if (values.sha256 !== undefined) assertReviewed(file as string, envelope, values.sha256)
  if (values.policy !== undefined) {
    const trust = await readTrust(values.policy, values['key-set'] ?? [])
    assertFollows(file as string, envelope, trust.current)
    assertSigned(file as string, envelope, signersOf(envelope.kind, trust))
  }
  await append(envelope, { log, origin, key, witnesses, proof, tool } as LogPlace, io)
  const digest = sha256(envelope)
  io.out(asJson ? json({ proof, sha256: digest }) : shown`${proof ?? ''}  for ${digest}\n`)
  return exit.passed
}

/** A log, and the file for the proof. All are paths but `origin`, its name, and `tool`, a program. */
export interface LogPlace {
  readonly log: string
  readonly origin: string
  readonly key: string
  readonly witnesses: string
  readonly proof: string
  readonly tool: string
}

/** Appends a signed document to the log, and returns once its proof is on the disk. @throws {Failure} `cli.release`, `cli.timeout` */
export async function append(envelope: Envelope, { tool, ...place }: LogPlace, io: Io): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-release-'))
  try {
    const entry = join(folder, 'entry')
    await writeFile(entry, logEntry(envelope))
    const named = { ...place, entry }
    await run(tool, ['publish', ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, value])], io)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
