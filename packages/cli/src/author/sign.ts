import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { readPolicy } from '../policy/read.js'
import { bytesOf } from '../read-file.js'
import { presentWritten, writeMade } from '../release/document.js'
import { sha256, signed, unsigned } from '../release/envelope.js'
import { publicHex, readKey } from '../release/keys.js'
import { integerOf } from '../release/make.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'

const options = {
  key: { type: 'string' },
  out: { type: 'string' },
  days: { type: 'string', default: '30' },
  json: { type: 'boolean', default: false },
} as const

const dayMs = 86_400_000
/** PROTOCOL.md §19.9 */
const mostDays = 366

/**
 * Writes a policy as a signed document, dated now, which pages with `data-policy-keys` load (PROTOCOL.md §19.9).
 *
 * @throws {Failure} with the verifier's code for a policy that it refuses; `cli.usage`, `cli.file`, `cli.release`, `cli.exists`
 */
export async function sign(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  const { key: keyFile, out } = values
  if (file === undefined || positionals.length > 1 || keyFile === undefined || out === undefined)
    throw usage('policy sign FILE --key FILE --out FILE [--days N]')
  const days = integerOf('days', values.days)
  if (days < 1 || days > mostDays) throw usage(`--days: 1 to ${mostDays} are expected, and ${days} is not`)
  const bytes = await bytesOf(file)
  readPolicy(file, bytes, exit.refused)
  const key = await readKey(keyFile)
  const date = Date.now()
  const document = unsigned('policy', {
    date,
    notAfter: date + days * dayMs,
    policy: Buffer.from(bytes).toString('utf8'),
  })
  const envelope = signed(document, key)
  // Shown before it is written: what cannot be shown is not signed.
  const report = presentWritten(out, envelope, io)
  await writeMade(out, document, envelope)
  const attribute = `data-policy-keys="${publicHex(key)}"`
  io.out(
    values.json
      ? json({ file: out, key: publicHex(key), sha256: sha256(envelope), date, notAfter: date + days * dayMs })
      : shown`${report}\nIn the tag of the page, in place of data-policy-integrity: ${attribute}\n`,
  )
  return exit.passed
}
