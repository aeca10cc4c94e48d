import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { unreadable, usage } from '../failure.js'
import { parse, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { json } from '../terminal/text.js'
import { presentWritten, writeMade } from './document.js'
import { sha256, unsigned } from './envelope.js'
import { digestOf } from './make.js'

const options = {
  out: { type: 'string' },
  name: { type: 'string' },
  'source-commit': { type: 'string' },
  from: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** What runs in pages: scripts and WebAssembly. */
const runs = /\.(?:js|mjs|cjs|wasm)$/

/** A file of a client, PROTOCOL.md §19.8. */
export interface ClientFile {
  /** Below the package, such as `dist/index.js`. */
  readonly path: string
  /** Hexadecimal. */
  readonly sha256: string
  /** For the attribute of a script (W3C Subresource Integrity). */
  readonly integrity: string
}

const bytewise = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** Every file below the folder of a built package that runs in pages, in the order of their paths. @throws {Failure} `cli.file` */
export async function clientFiles(folder: string): Promise<ClientFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause)
  })
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    paths
      .filter((path) => runs.test(path))
      .map(async (path): Promise<ClientFile> => {
        const content = await bytesOf(path)
        return {
          path: join('dist', relative(folder, path)),
          sha256: createHash('sha256').update(content).digest('hex'),
          integrity: `sha384-${createHash('sha384').update(content).digest('base64')}`,
        }
      }),
  )
  return files.toSorted((one, other) => bytewise(one.path, other.path))
}

/** Writes the manifest of a client without a signature, and shows it. @throws {Failure} */
export async function client(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [folder] = positionals
  const { out, name, 'source-commit': commit } = values
  if (folder === undefined || positionals.length > 1 || out === undefined || !name || commit === undefined)
    throw usage('release client DIST needs --out, --name and --source-commit')
  const files = await clientFiles(folder)
  if (files.length === 0 || files.length > 512)
    throw usage(`release client: ${folder} has ${files.length} files that run in pages, and 1 to 512 are expected`)
  const envelope = unsigned('client', {
    name,
    date: timeOf(values.from ?? 'now'),
    sourceCommit: digestOf('source-commit', commit, commit.length === 64 ? 32 : 20),
    files,
  })
  await writeMade(out, envelope)
  io.out(
    values.json
      ? json({ file: out, sha256: sha256(envelope), files: files.length })
      : presentWritten(out, envelope, io),
  )
  return exit.passed
}
