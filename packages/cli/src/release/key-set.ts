import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { presentWritten, writeMade } from './document.js'
import { sha256, unsigned } from './envelope.js'
import { type KeySet, keySetId, keySetIn } from './keys.js'
import { digestOf, integerOf } from './make.js'

const options = {
  out: { type: 'string' },
  previous: { type: 'string' },
  key: { type: 'string', multiple: true },
  threshold: { type: 'string', multiple: true },
  days: { type: 'string' },
  from: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

const dayMs = 86_400_000

const read = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

/** The set in a policy, a bare set, or an envelope of one. */
async function setIn(file: string): Promise<KeySet> {
  try {
    let found = read(Buffer.from(await bytesOf(file)).toString('utf8'))
    if (typeof found['payload'] === 'string') found = read(Buffer.from(found['payload'], 'base64').toString('utf8'))
    const set = (found['releaseKeys'] ?? found) as Partial<KeySet>
    const { keys, threshold, notAfter } = set
    if (Array.isArray(keys) && typeof threshold === 'object')
      return { keys, threshold, ...(notAfter !== undefined && { notAfter }) }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw usage(`--previous: ${file} has no set of release keys`)
}

function pair(option: string, text: string): [string, string] {
  const [role, value] = text.split('=')
  if (role === undefined || value === undefined || !/^[a-z0-9-]{1,32}$/.test(role))
    throw usage(`--${option}: ROLE=… is expected, and '${text}' is not`)
  return [role, value]
}

/** Writes the successor of a set of keys, which those of the set have to sign. @throws {Failure} */
export async function keySet(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parse(args, options)
  const { out, previous, key: keys, threshold, days } = values
  if (out === undefined || previous === undefined || !keys || !threshold || days === undefined)
    throw usage('release key-set needs --out, --previous, --key, --threshold and --days')
  const successor = {
    previous: keySetId(await setIn(previous)),
    keys: keys.map((text) => {
      const [role, key] = pair('key', text)
      return { key: digestOf('key', key), role }
    }),
    threshold: Object.fromEntries(
      threshold.map((text) => {
        const [role, least] = pair('threshold', text)
        return [role, integerOf('threshold', least)]
      }),
    ),
    notAfter: timeOf(values.from ?? 'now') + integerOf('days', days) * dayMs,
  }
  if (!keySetIn(successor))
    throw usage('release key-set: the keys must be distinct, and every role needs a threshold that its keys can meet')
  const envelope = unsigned('key-set', successor)
  await writeMade(out, envelope)
  const id = keySetId(successor)
  io.out(
    values.json
      ? json({ file: out, id, sha256: sha256(envelope) })
      : shown`${presentWritten(out, envelope, io)}\n  key set ${id}\n`,
  )
  return exit.passed
}
