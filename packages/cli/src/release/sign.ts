import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { hexOf, parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { assertReviewed, documentOf } from './document.js'
import { isGood, readEnvelope, signed, writeEnvelope } from './envelope.js'
import { publicHex, readKey } from './keys.js'
import { tell } from './show.js'

const options = {
  key: { type: 'string' },
  sha256: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/**
 * Adds the author's signature. The file is read once, and what is shown is what is signed; `--sha256` holds it to the
 * document that `make`, `key-set` or `status` named. A document that another key has signed already is signed only with `--sha256`.
 *
 * @throws {Failure}
 */
export async function sign(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || positionals.length > 1 || values.key === undefined)
    throw usage('release sign FILE --key FILE [--sha256 HEX]')
  if (values.sha256 !== undefined) hexOf('--sha256', values.sha256, 32)
  const envelope = await readEnvelope(file)
  const key = await readKey(values.key)
  // A document that cannot be shown is not signed.
  documentOf(file, envelope)
  if (values.sha256 !== undefined) assertReviewed(file, envelope, values.sha256)
  const others = envelope.signatures.filter(({ keyid }) => keyid !== publicHex(key))
  if (!others.every((signature) => isGood(envelope, signature))) {
    tell({ file, envelope, set: undefined, signed: false }, values.json, io)
    return exit.refused
  }
  // What another key has signed was made by somebody else, and this person has not seen it yet.
  if (others.length > 0 && values.sha256 === undefined)
    throw usage(
      `${file}: another key has signed it already (${others.map(({ keyid }) => keyid).join(', ')}), and sign alone would sign what was never shown. As an auditor use release countersign; as a second author review every value with release show, then name the SHA-256 that it shows in --sha256 HEX`,
    )
  const more = signed(envelope, key)
  await writeEnvelope(file, more)
  tell({ file, envelope: more, set: undefined, signed: true }, values.json, io)
  return exit.passed
}
