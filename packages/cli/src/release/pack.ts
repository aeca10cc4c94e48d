import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { Failure, unreadable, usage } from '../failure.js'
import { bytesOf, parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { encode, type Item } from './cbor.js'
import { type Envelope, isGood, readEnvelope } from './envelope.js'

const options = {
  out: { type: 'string' },
  manifest: { type: 'string' },
  proof: { type: 'string' },
  'key-set': { type: 'string', multiple: true },
  status: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** A document as it travels (PROTOCOL.md §19.1). */
function item(file: string, envelope: Envelope): Item {
  const wrong = envelope.signatures.find((signature) => !isGood(envelope, signature))
  if (wrong) throw new Failure('cli.release', `${file}: the signature of ${wrong.keyid} is wrong`, exit.refused)
  if (envelope.signatures.length === 0) throw usage(`${file}: nobody has signed it yet`)
  const signatures = envelope.signatures.map(({ keyid, sig }) =>
    Buffer.concat([Buffer.from(keyid, 'hex'), Buffer.from(sig, 'base64')]),
  )
  return new Map<number, Item>([
    [0, envelope.payload],
    [1, signatures],
  ])
}

/** A gateway reads the file again when it changes: it never sees half of one. */
async function replace(file: string, content: Buffer): Promise<void> {
  try {
    await writeFile(`${file}.new`, content)
    await rename(`${file}.new`, file)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** Writes what a gateway sends along with its evidence. @throws {Failure} */
export async function pack(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parse(args, options)
  const { out, manifest, proof, status } = values
  if (out === undefined || (manifest ?? status) === undefined)
    throw usage('release pack needs --out, and --manifest or --status')
  await mkdir(out, { recursive: true })
  const files: string[] = []
  if (manifest !== undefined) {
    const members = new Map<number, Item>([[0, item(manifest, await readEnvelope(manifest, 'release'))]])
    if (proof !== undefined) members.set(1, await bytesOf(proof))
    const sets: Item[] = []
    for (const file of values['key-set'] ?? []) sets.push(item(file, await readEnvelope(file, 'key-set')))
    if (sets.length > 0) members.set(2, sets)
    files.push(join(out, 'release.cbor'))
    await replace(files.at(-1) as string, encode(members))
  }
  if (status !== undefined) {
    files.push(join(out, 'status.cbor'))
    await replace(files.at(-1) as string, encode(item(status, await readEnvelope(status, 'status'))))
  }
  io.out(values.json ? `${JSON.stringify({ files })}\n` : files.map((file) => `${file}\n`).join(''))
  return exit.passed
}
