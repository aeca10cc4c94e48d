import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { unreadable, usage } from '../failure.js'
import { parse } from '../options.js'
import { replaceFile } from '../replace-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { encode, type Item } from './cbor.js'
import { documentOf } from './document.js'
import { assertSignatures, type Envelope, type Kind, logEntry, readEnvelope, sha256, signaturesOf } from './envelope.js'
import { Proofs } from './proofs.js'
import { assertSigned, readTrust, signersOf } from './trust.js'

const options = {
  out: { type: 'string' },
  manifest: { type: 'string' },
  proof: { type: 'string', multiple: true },
  'key-set': { type: 'string', multiple: true },
  status: { type: 'string' },
  policy: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** A document as it travels (PROTOCOL.md §19.1), with the proof that belongs to it. */
function item(file: string, envelope: Envelope, proofs: Proofs): Item {
  assertSignatures(file, envelope)
  const members = new Map<number, Item>([
    [0, envelope.payload],
    [1, signaturesOf(envelope)],
  ])
  const proof = proofs.take(logEntry(envelope))
  if (proof) members.set(2, proof)
  return members
}

/** Writes what a gateway sends along with its evidence. @throws {Failure} */
export async function pack(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parse(args, options)
  const { out, manifest, status } = values
  if (out === undefined || (manifest ?? status) === undefined)
    throw usage('release pack needs --out, and --manifest or --status')
  const keySets = values['key-set'] ?? []
  const trust = values.policy === undefined ? undefined : await readTrust(values.policy, keySets)
  const proofs = await Proofs.read(values.proof ?? [])
  const documents: { file: string; sha256: string }[] = []
  const read = async (file: string, kind: Kind): Promise<Item> => {
    const envelope = await readEnvelope(file, kind)
    documentOf(file, envelope)
    const packed = item(file, envelope, proofs)
    if (trust && kind !== 'key-set') assertSigned(file, envelope, signersOf(kind, trust))
    documents.push({ file, sha256: sha256(envelope) })
    return packed
  }
  const written = new Map<string, Buffer>()
  if (manifest !== undefined) {
    const members = new Map<number, Item>([[0, await read(manifest, 'release')]])
    const sets: Item[] = []
    for (const file of keySets) sets.push(await read(file, 'key-set'))
    if (sets.length > 0) members.set(1, sets)
    written.set(join(out, 'release.cbor'), encode(members))
  }
  if (status !== undefined) written.set(join(out, 'status.cbor'), encode(await read(status, 'status')))
  proofs.assertTaken()
  // Nothing is written before everything was read and judged.
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw unreadable(out, cause)
  })
  for (const [file, content] of written) await replaceFile(file, content)
  const files = [...written.keys()]
  io.out(
    values.json
      ? json({ files, documents })
      : shown`${documents.map((each) => shown`  ${each.sha256}  ${each.file}\n`)}${files.map((file) => shown`${file}\n`)}`,
  )
  return exit.passed
}
