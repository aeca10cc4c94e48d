import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { Failure, unreadable, usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'

// PROTOCOL.md §24.7.
const magic = 'blindllama/docs1'
const block = 4096
const largestBody = 1_048_576
const mostFiles = 16
const fileName = /^[a-z0-9-][a-z0-9.-]{0,63}$/

const options = { out: { type: 'string' }, json: { type: 'boolean', default: false } } as const

async function bodyOf(files: readonly string[]): Promise<Buffer> {
  if (files.length > mostFiles) throw usage(`release disk takes at most ${mostFiles} files`)
  const names = files.map((file) => basename(file))
  const strange = names.find((name, index) => !fileName.test(name) || names.indexOf(name) !== index)
  if (strange !== undefined)
    throw usage(
      `'${strange}' is no name on a disk of documents: 1 to 64 of a-z, 0-9, - and . are, the first not a ., each once`,
    )
  const parts: Buffer[] = []
  for (const [index, file] of files.entries()) {
    const content = await bytesOf(file)
    const name = Buffer.from(names[index] ?? '')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(content.length)
    parts.push(Buffer.of(name.length), name, length, Buffer.from(content))
  }
  const body = Buffer.concat(parts)
  if (body.length > largestBody)
    throw new Failure(
      'cli.size',
      `The files have ${body.length} bytes with their names, and a disk of documents holds ${largestBody}. Leave out files that no setting of the gateway names`,
      exit.undecided,
    )
  return body
}

/** The generation of the disk that is there; 0 for a disk without documents. */
async function generationOf(file: string, handle: FileHandle): Promise<bigint> {
  const head = Buffer.alloc(block)
  const { bytesRead } = await handle.read(head, 0, block, 0)
  if (head.every((byte) => byte === 0)) return 0n
  if (bytesRead < block || head.toString('latin1', 0, magic.length) !== magic)
    throw new Failure(
      'cli.exists',
      `${file} exists and is no disk of documents, so it was not changed. Name another file with --out`,
      exit.undecided,
    )
  return head.readBigUInt64BE(magic.length)
}

function headOf(generation: bigint, body: Buffer): Buffer {
  const head = Buffer.alloc(block)
  head.write(magic, 'latin1')
  head.writeBigUInt64BE(BigInt.asUintN(64, generation), 16)
  head.writeUInt32BE(body.length, 24)
  createHash('sha256').update(body).digest().copy(head, 28)
  return head
}

/**
 * Writes files as the disk of documents of a machine (PROTOCOL.md §24.7). A disk that is there is changed in place, body before head: a
 * machine that runs has it open.
 *
 * @throws {Failure} `cli.usage`, `cli.file`, `cli.size`; `cli.exists` for a file of another kind
 */
export async function disk(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const { out } = values
  if (out === undefined) throw usage('release disk FILE … needs --out')
  const body = await bodyOf(positionals)
  const generation = await written(out, body).catch((cause: unknown) => {
    throw cause instanceof Failure ? cause : unreadable(out, cause)
  })
  const files = positionals.map((file) => basename(file))
  io.out(
    values.json
      ? json({ file: out, generation: Number(generation), files })
      : shown`${out}  generation ${String(generation)}: ${files.join(', ') || 'no files'}\n`,
  )
  return exit.passed
}

async function written(out: string, body: Buffer): Promise<bigint> {
  const handle = await open(out, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW)
  try {
    if (!(await handle.stat()).isFile())
      throw new Failure('cli.file', `${out} is not a regular file. Name another file with --out`, exit.undecided)
    const generation = (await generationOf(out, handle)) + 1n
    // QEMU knows the size of a disk from its start on.
    const { size } = await handle.stat()
    if (size < block + largestBody) await handle.truncate(block + largestBody)
    await handle.write(body, 0, body.length, block)
    await handle.sync()
    await handle.write(headOf(generation, body), 0, block, 0)
    await handle.sync()
    return generation
  } finally {
    await handle.close()
  }
}
