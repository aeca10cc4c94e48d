import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { exit, type ExitCode } from '../exit.js'
import { unreadable, usage } from '../failure.js'
import { parse } from '../options.js'
import { syncNames, writeNew } from '../replace-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { keyOptions, makeFileKey, openKey } from './authority-key.js'
import { makeRoot } from './certificate.js'
import { dayMs, skewMs, validity } from './profile.js'

const options = {
  ...keyOptions,
  root: { type: 'string' },
  name: { type: 'string' },
  days: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** Makes an authority: its certificate, and its key where a file is named for it. @throws {Failure} */
export async function init(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const { root: file, name, days, json: asJson, ...keyValues } = values
  if (file === undefined || name === undefined || positionals.length > 0)
    throw usage('ca init --root FILE --name TEXT and a key: blindllama ca --help')
  // RFC 5280 appendix A.1: ub-common-name.
  if (name === '' || name.length > 64) throw usage('--name: 1 to 64 characters')
  const lifetime = daysOf(days, validity.root, validity.mostOfRoot)
  if (keyValues['ca-key'] !== undefined && keyValues.pkcs11 === undefined) await makeFileKey(keyValues['ca-key'])
  const now = Date.now()
  const key = await openKey(keyValues)
  const der = await makeRoot(key, name, { notBefore: now - skewMs, notAfter: now + lifetime * dayMs })
  await writeNew(file, der).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  await syncNames(dirname(file))
  const sha256 = createHash('sha256').update(der).digest('hex')
  io.out(asJson ? json({ file, rootSha256: sha256 }) : shown`${sha256}\n`)
  return exit.passed
}

/** @throws {Failure} `cli.usage` */
export function daysOf(text: string | undefined, usual: number, most: number): number {
  const days = text === undefined ? usual : /^[1-9]\d{0,4}$/.test(text) ? Number(text) : NaN
  if (!(days <= most)) throw usage(`--days: a number from ${validity.least} to ${most}`)
  return days
}
