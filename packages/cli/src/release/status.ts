import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse, timeOf } from '../options.js'
import type { Io } from '../terminal/io.js'
import { json } from '../terminal/text.js'
import { presentWritten, writeMade } from './document.js'
import { readEnvelope, sha256, unsigned } from './envelope.js'
import { digestOf, integerOf } from './make.js'

const options = {
  out: { type: 'string' },
  at: { type: 'string' },
  'min-version': { type: 'string' },
  'revoke-release': { type: 'string', multiple: true },
  'revoke-certificate': { type: 'string', multiple: true },
  'revoke-serial': { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const

function serialOf(text: string): { issuer: string; serial: string } {
  const [issuer = '', serial = ''] = text.toLowerCase().split(':')
  const digits = serial.replace(/^(00)+/, '')
  if (!/^([0-9a-f]{2}){1,20}$/.test(digits))
    throw usage('--revoke-serial: SHA-256 of the issuer\u2019s name, a colon, and the serial number in hex')
  return { issuer: digestOf('revoke-serial', issuer), serial: digits }
}

/** Writes what is withdrawn as of now, and shows it: it still has to be signed. @throws {Failure} */
export async function status(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parse(args, options)
  if (values.out === undefined) throw usage('release status needs --out')
  const releases: string[] = []
  for (const named of values['revoke-release'] ?? [])
    releases.push(/^[0-9a-f]{64}$/i.test(named) ? named.toLowerCase() : sha256(await readEnvelope(named, 'release')))
  const certificates = values['revoke-certificate']?.map((text) => digestOf('revoke-certificate', text))
  const least = values['min-version']
  const document = {
    date: timeOf(values.at ?? 'now'),
    ...(least !== undefined && { minVersion: integerOf('min-version', least) }),
    ...(releases.length > 0 && { revokedReleases: releases }),
    ...(certificates && { revokedCertificates: certificates }),
    ...(values['revoke-serial'] && { revokedSerials: values['revoke-serial'].map(serialOf) }),
  }
  const envelope = unsigned('status', document)
  await writeMade(values.out, envelope)
  io.out(
    values.json
      ? json({ file: values.out, sha256: sha256(envelope), ...document })
      : presentWritten(values.out, envelope, io),
  )
  return exit.passed
}
