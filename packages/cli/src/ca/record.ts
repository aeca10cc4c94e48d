import { createHash } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import type { EnrolmentRecord, Result } from '../enrol/enrol.js'
import { rootKinds } from '../enrol/roots.js'
import { documentOf } from '../release/document.js'
import { assertSignatures, type Envelope, readEnvelope } from '../release/envelope.js'
import { certificateOf } from './certificate.js'

/** What an authority issued (PROTOCOL.md §22.6): public, and an entry of the log. Byte strings are lower-case hex. */
export interface CertificateRecord {
  akName: string
  result: Exclude<Result, 'unverified'>
  /** SHA-256 of the enrolment record, which stays private: it identifies the machine. */
  enrolment: string
  /** SHA-256 of the DER. */
  certificate: string
  /** SHA-256 of the DER of the issuer Name, and the serial number: as a status names them (§19.5). */
  issuer: string
  serial: string
  notBefore: number
  notAfter: number
  /** SHA-256 of the record that this one renews. */
  previous?: string
  date: number
}

const digest = /^[0-9a-f]{64}$/
const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const matching =
  (form: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && form.test(value)

const forms: Readonly<Record<keyof CertificateRecord, (value: unknown) => boolean>> = {
  akName: matching(/^(?:000b[0-9a-f]{64}|000c[0-9a-f]{96}|000d[0-9a-f]{128})$/),
  result: (value) => (rootKinds as readonly unknown[]).includes(value),
  enrolment: matching(digest),
  certificate: matching(digest),
  issuer: matching(digest),
  serial: matching(/^(?!00)(?:[0-9a-f]{2}){1,20}$/),
  notBefore: isTime,
  notAfter: isTime,
  previous: (value) => value === undefined || matching(digest)(value),
  date: isTime,
}

/** The record of a certificate that was just made. */
export function recordOf(
  der: Uint8Array,
  enrolled: EnrolmentRecord & { result: CertificateRecord['result'] },
  enrolment: string,
  previous: string | undefined,
): CertificateRecord {
  const { issuer, serialNumber, notBefore, notAfter } = certificateOf(der)
  return {
    akName: enrolled.akName,
    result: enrolled.result,
    enrolment,
    certificate: hash(der),
    issuer: hash(new Uint8Array(issuer.toSchema().toBER())),
    serial: Buffer.from(serialNumber.valueBlock.valueHexView).toString('hex'),
    notBefore: notBefore.value.getTime(),
    notAfter: notAfter.value.getTime(),
    ...(previous !== undefined && { previous }),
    date: enrolled.date,
  }
}

/**
 * A record whose signatures hold, each by the key that it names.
 *
 * @throws {Failure} `cli.file`, `cli.release`, `cli.signers`, `cli.authority`
 */
export async function readCertificateRecord(file: string): Promise<{ envelope: Envelope; record: CertificateRecord }> {
  const envelope = await readEnvelope(file, 'certificate')
  assertSignatures(file, envelope)
  const document = documentOf(file, envelope)
  const names = Object.keys(forms) as (keyof CertificateRecord)[]
  const wrong = [
    ...names.filter((name) => !forms[name](document[name])),
    ...Object.keys(document).filter((name) => !Object.hasOwn(forms, name)),
  ]
  if (wrong.length > 0)
    throw new Failure('cli.authority', `${file}: not a record of a certificate: ${wrong.join(', ')}`, exit.undecided)
  return { envelope, record: document as unknown as CertificateRecord }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
