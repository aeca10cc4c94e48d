import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exit } from './exit.js'
import { Failure, unreadable } from './failure.js'

/**
 * Writes a file in one step: a reader that follows it, as the gateway does, never sees half of one. Once it returns, the file outlives a
 * loss of power. A device, a FIFO or a folder is not replaced.
 *
 * @throws {Failure} `cli.file`
 */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await assertReplaceable(file)
  // A name that cannot be foreseen, and `wx`: nothing that stands there already is followed or overwritten.
  const beside = `${file}.${randomBytes(8).toString('hex')}.new`
  try {
    await writeNew(beside, content)
    await rename(beside, file)
    await syncNames(dirname(file))
  } catch (cause) {
    await rm(beside, { force: true })
    throw unreadable(file, cause)
  }
}

/** Renaming onto `/dev/stdout` or `/dev/null` would take it from every other program, where the rights suffice. */
async function assertReplaceable(file: string): Promise<void> {
  const present = await stat(file).catch(() => undefined)
  if (present !== undefined && !present.isFile())
    throw new Failure(
      'cli.file',
      `${file} is not a regular file, and only those are replaced. Name a regular file, or one that does not exist yet`,
      exit.undecided,
    )
}

/** Writes a file that was not there before, and waits until it is on the disk. Where the disk is full, half of one does not stay. */
export async function writeNew(file: string, content: string | Uint8Array, mode: number = 0o666): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } catch (cause) {
    await rm(file, { force: true })
    throw cause
  } finally {
    await handle.close()
  }
}

/** Waits until the names of a folder are on the disk. */
export async function syncNames(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
