import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { enrolmentService } from '../enrol/service.js'
import { readRoots, rootKinds } from '../enrol/roots.js'
import { exit, type ExitCode } from '../exit.js'
import { Failure, unreadable, usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import { presentDocument } from '../release/document.js'
import { type Envelope, sha256, signed, unsigned, writeEnvelope } from '../release/envelope.js'
import { publicHex, readKey } from '../release/keys.js'
import { append } from '../release/publish.js'
import { replaceFile } from '../replace-file.js'
import type { Io } from '../terminal/io.js'
import { styleOf } from '../terminal/style.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { keyOptions, openKey } from './authority-key.js'
import { daysOf } from './init.js'
import { type Certified, issue } from './issue.js'
import { validity } from './profile.js'
import { readCertificateRecord, recordOf } from './record.js'
import { assertNotRevoked } from './revoked.js'

const options = {
  ...keyOptions,
  root: { type: 'string' },
  roots: { type: 'string' },
  certificates: { type: 'string', multiple: true },
  key: { type: 'string' },
  'access-key': { type: 'string' },
  as: { type: 'string', default: 'hardware' },
  out: { type: 'string' },
  days: { type: 'string' },
  previous: { type: 'string' },
  status: { type: 'string' },
  policy: { type: 'string' },
  install: { type: 'boolean', default: false },
  log: { type: 'string' },
  origin: { type: 'string' },
  'log-key': { type: 'string' },
  witnesses: { type: 'string' },
  tool: { type: 'string', default: 'release-log' },
  unlogged: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parse<typeof options>>['values']

/** The record that a renewal follows. */
interface Previous {
  readonly akName: string
  readonly sha256: string
}

/**
 * Enrols the key of a service, certifies it, records that in public, and hands the certificate out: in this order, so that no certificate
 * is used whose record is missing.
 *
 * @throws {Failure}
 */
export async function issueCertificate(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [url] = positionals
  const { root: rootFile, roots: rootsFile, key: keyFile, out } = values
  if (url === undefined || positionals.length > 1 || [rootFile, rootsFile, keyFile, out].includes(undefined))
    throw usage('ca issue URL --root FILE --roots FILE --key FILE --out FOLDER and a key: blindllama ca --help')
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw usage(`${url} is no URL of a service, such as https://chat.example/`)
  const expected = certifiedOf(values.as)
  const days = daysOf(values.days, validity.usual, validity.most)
  const place = logOf(values)
  const key = await readKey(keyFile as string)
  const accessKey = values['access-key'] === undefined ? key : await readKey(values['access-key'])
  const previous = await previousOf(values, publicHex(key))
  const authority = { key: await openKey(values), root: await bytesOf(rootFile as string) }
  const roots = await readRoots(rootsFile as string, values.certificates ?? [])
  const service = enrolmentService(url, accessKey)
  await newFolder(out as string)
  const demands = { expected, days, renews: previous?.akName }
  const { record, chain } = await issue(service, roots, loadInspector(), authority, demands)
  const enrolment = signed(unsigned('enrolment', record), key)
  const issued = recordOf(chain[0], record, sha256(enrolment), previous?.sha256)
  const certificate = signed(unsigned('certificate', issued), key)
  const at = (name: string): string => join(out as string, name)
  await writeEnvelope(at('enrolment.json'), enrolment)
  await writeEnvelope(at('certificate.json'), certificate)
  if (place) await append(certificate, { ...place, proof: at('proof') }, io)
  await replaceFile(at('root.der'), chain[1])
  await replaceFile(at('leaf.der'), chain[0])
  if (values.install) await service.install(chain)
  if (record.result === 'software') io.err(shown`${softwareCertified}\n`)
  tell(out as string, certificate, values, io)
  return exit.passed
}

/** A chain says nothing of the kind of the TPM: for clients this is a certificate like every other. */
const softwareCertified =
  'The TPM is software, which proves nothing, and no client sees that: a policy with this root accepts what it signs as operator-ca. ' +
  'Issue such certificates under a root of their own, which no page for visitors pins.'

function certifiedOf(text: string): Certified {
  const kind = rootKinds.find((each) => each === text)
  if (kind === undefined) throw usage(`--as: one of ${rootKinds.join(', ')}`)
  return kind
}

/** @throws {Failure} `cli.usage` where neither a log nor its absence is named in full */
function logOf(
  values: Values,
): { log: string; origin: string; key: string; witnesses: string; tool: string } | undefined {
  const { log, origin, 'log-key': key, witnesses, tool, unlogged } = values
  const given = [log, origin, key, witnesses].filter((each) => each !== undefined).length
  if (unlogged && given === 0) return undefined
  if (unlogged || log === undefined || origin === undefined || key === undefined || witnesses === undefined)
    throw usage('--log DIR --origin NAME --log-key FILE --witnesses FILE, or --unlogged, is expected')
  return { log, origin, key, witnesses, tool }
}

async function previousOf({ previous, status, policy }: Values, signer: string): Promise<Previous | undefined> {
  if (previous === undefined) {
    if (status !== undefined || policy !== undefined)
      throw usage('--status and --policy mean nothing without --previous')
    return undefined
  }
  if (status === undefined || policy === undefined)
    throw usage('--previous needs --status and --policy: a revoked certificate must not be renewed')
  const { envelope, record } = await readCertificateRecord(previous)
  if (!envelope.signatures.some(({ keyid }) => keyid === signer))
    throw new Failure('cli.signers', `${previous} is not signed by --key (${signer})`, exit.refused)
  await assertNotRevoked(record, { status, policy })
  return { akName: record.akName, sha256: sha256(envelope) }
}

/** Nothing that stands there is replaced: records are kept. */
async function newFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(folder, cause)
    throw new Failure(
      'cli.exists',
      `${folder} exists, and --out names a new folder; name another one, such as one of today's date`,
      exit.undecided,
    )
  }
}

function tell(out: string, certificate: Envelope, values: Values, io: Io): void {
  const document = JSON.parse(certificate.payload.toString()) as object
  const style = styleOf(io)
  io.out(
    values.json
      ? json({ folder: out, sha256: sha256(certificate), installed: values.install, ...document })
      : shown`${style.bold(out)}\n${presentDocument(out, certificate, style)}`,
  )
}
