import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { unreadable } from './failure.js'

/**
 * Writes a file in one step: a reader that follows it, as the gateway does, never sees half of one.
 *
 * @throws {Failure} `cli.file`
 */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  // A name that cannot be foreseen, and `wx`: nothing that stands there already is followed or overwritten.
  const beside = `${file}.${randomBytes(8).toString('hex')}.new`
  try {
    await writeFile(beside, content, { flag: 'wx' })
    await rename(beside, file)
  } catch (cause) {
    await rm(beside, { force: true })
    throw unreadable(file, cause)
  }
}
