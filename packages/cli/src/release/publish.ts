import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { message, readEnvelope } from './envelope.js'

const options = {
  log: { type: 'string' },
  origin: { type: 'string' },
  'log-key': { type: 'string' },
  witnesses: { type: 'string' },
  proof: { type: 'string' },
  tool: { type: 'string', default: 'release-log' },
  json: { type: 'boolean', default: false },
} as const

async function run(program: string, args: readonly string[], io: Io): Promise<void> {
  const failed = (reason: string, cause?: unknown): Failure =>
    new Failure('cli.release', `${program}: ${reason}`, exit.undecided, { cause })
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (text: Buffer) => io.err(text.toString('utf8')))
    child.once('error', (cause) =>
      reject(failed('cannot be run; build it from tools/release-log, and name it with --tool', cause)),
    )
    child.once('close', (code) => (code === 0 ? resolve() : reject(failed('the log did not take the release'))))
  })
}

/** Puts a manifest into a log. What stands there is what was signed: whoever watches the log can read it. @throws {Failure} */
export async function publish(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  const { log, origin, 'log-key': key, witnesses, proof, tool, json } = values
  if ([file, log, origin, key, witnesses, proof].includes(undefined))
    throw usage('release publish FILE needs --log, --origin, --log-key, --witnesses and --proof')
  const envelope = await readEnvelope(file as string, 'release')
  if (envelope.signatures.length === 0) throw usage(`${file}: nobody has signed it yet`)
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-release-'))
  try {
    const entry = join(folder, 'entry')
    await writeFile(entry, message(envelope))
    const named = { log, origin, key, witnesses, entry, proof } as Record<string, string>
    await run(tool, ['publish', ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, value])], io)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  io.out(json ? `${JSON.stringify({ proof })}\n` : `${proof}\n`)
  return exit.passed
}
