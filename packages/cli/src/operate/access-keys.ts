import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { bytesOf } from '../read-file.js'

/** PROTOCOL.md §26.1 */
const most = 4096

/**
 * The hashes of a file: a SHA-256 in lower-case hex on each line; empty lines, and lines that begin with `#`, are passed over.
 *
 * @throws {Failure} `cli.file` for another line, and for a file without any: a gateway that asks for keys is never opened by an empty list
 */
export async function accessKeysIn(file: string): Promise<string[]> {
  const lines = Buffer.from(await bytesOf(file))
    .toString('utf8')
    .split('\n')
  const keys = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    // The line itself may be a key by mistake.
    if (!/^[0-9a-f]{64}$/.test(text))
      throw malformed(`${file}: line ${index + 1} is not a SHA-256 in lower-case hexadecimal`)
    if (keys.has(text)) throw malformed(`${file}: line ${index + 1} is there twice`)
    keys.add(text)
  }
  if (keys.size === 0) throw malformed(`${file} has no hash, and a gateway must keep at least one key`)
  if (keys.size > most) throw malformed(`${file} has more than ${most} hashes`)
  return [...keys]
}

function malformed(message: string): Failure {
  return new Failure('cli.file', message, exit.undecided)
}
