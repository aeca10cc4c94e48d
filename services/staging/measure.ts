import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What was measured: a file, or a folder by the list of its files. */
export interface Measured {
  readonly name: string
  /** Hexadecimal. */
  readonly sha256: string
  readonly pcr: number
}

/** SHA-256 of a file, hexadecimal. `onProgress` gets the share done, 0 to 1. */
export async function hashFile(path: string, onProgress?: (share: number) => void): Promise<string> {
  const { size } = await stat(path)
  const hash = createHash('sha256')
  let done = 0
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(piece)
    done += piece.length
    onProgress?.(done / size)
  }
  return hash.digest('hex')
}

/**
 * SHA-256 of a folder: of the text that `sha256sum` prints for its files, sorted by name.
 *
 *     find . -type f | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum | sha256sum
 */
export async function hashFolder(folder: string): Promise<string> {
  const lines = createHash('sha256')
  for (const name of await filesOf(folder)) lines.update(`${await hashFile(join(folder, name))}  ${name}\n`)
  return lines.digest('hex')
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort(bytewise)
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
