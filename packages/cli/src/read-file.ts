import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { exit } from './exit.js'
import { Failure, unreadable, usage } from './failure.js'

/** Bounds every input, in bytes: eight times the largest bundle (PROTOCOL.md §3), and more than firmware logs. */
export const largestInput: number = 16 * 1024 * 1024

/**
 * The bytes of a regular file, or of standard input for `-`. Devices, FIFOs and folders are refused: they may have no end.
 *
 * @param limit in bytes, of a file
 * @throws {Failure} `cli.file`; `cli.size` beyond the limit; `cli.timeout` for standard input without an end
 */
export async function bytesOf(file: string, limit: number = largestInput): Promise<Uint8Array<ArrayBuffer>> {
  if (file === '-' || file === '/dev/stdin') return standardInput()
  return withRegularFile(file, async (handle) => contentOf(file, handle, limit))
}

/**
 * Opens a regular file and hands it to `use`, so that rights and content are those of one and the same file.
 *
 * @throws {Failure} `cli.file`, and what `use` throws
 */
export async function withRegularFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined
  try {
    // Without O_NONBLOCK, opening a FIFO waits until somebody writes to it.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!(await handle.stat()).isFile())
      throw new Failure(
        'cli.file',
        `${file} is not a regular file, and only those are read. Name a regular file, or - for standard input`,
        exit.undecided,
      )
    return await use(handle)
  } catch (cause) {
    throw cause instanceof Failure ? cause : unreadable(file, cause)
  } finally {
    await handle?.close()
  }
}

/** Files of /sys and /proc state the size 0: only reading finds the end. @throws {Failure} `cli.size` */
export async function contentOf(
  file: string,
  handle: FileHandle,
  limit: number = largestInput,
): Promise<Uint8Array<ArrayBuffer>> {
  return collected(file, handle.createReadStream({ autoClose: false }), limit)
}

/** @param patienceMs until its end */
export async function standardInput(
  stdin: Readable = process.stdin,
  patienceMs = 60_000,
): Promise<Uint8Array<ArrayBuffer>> {
  if (stdin.readableEnded || stdin.destroyed) throw usage('standard input can be named for one input only')
  let isLate = false
  const patience = setTimeout(() => {
    isLate = true
    stdin.destroy()
  }, patienceMs)
  try {
    const content = await collected('standard input', stdin)
    if (!isLate) return content
  } catch (cause) {
    if (!isLate) throw cause instanceof Failure ? cause : unreadable('standard input', cause)
  } finally {
    clearTimeout(patience)
  }
  throw new Failure('cli.timeout', `Standard input did not end within ${patienceMs / 1000} s`, exit.undecided)
}

async function collected(
  name: string,
  stream: AsyncIterable<Buffer>,
  limit: number = largestInput,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stream) {
    length += part.length
    if (length > limit)
      throw new Failure(
        'cli.size',
        `${name} has more than ${limit} bytes, and no input of this command is larger. Check that it is the right file`,
        exit.undecided,
      )
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
