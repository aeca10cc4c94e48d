import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { documentOf } from '../release/document.js'
import { assertSignatures, type Envelope, readEnvelope } from '../release/envelope.js'
import type { EnrolmentRecord, Result } from './enrol.js'
import { rootKinds } from './roots.js'
import { isTemplateName } from './templates.js'

/** What a record may say: as the roots file, or that no root was at hand. */
export const results: readonly Result[] = [...rootKinds, 'unverified']

const digest = /^[0-9a-f]{64}$/
const forms: Readonly<Record<keyof EnrolmentRecord, (value: unknown) => boolean>> = {
  akName: matching(/^(?:000b[0-9a-f]{64}|000c[0-9a-f]{96}|000d[0-9a-f]{128})$/),
  akPublicSha256: matching(digest),
  result: (value) => results.includes(value as Result),
  template: isTemplateName,
  ekCertificateSha256: matching(digest),
  rootSha256: matching(digest),
  rootName: matching(/./),
  manufacturer: matching(/./),
  model: matching(/^/),
  firmware: matching(/./),
  date: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}

function matching(form: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && form.test(value)
}

/**
 * A record whose signatures hold, each by the key that it names: whose key that is, the record does not say.
 *
 * @throws {Failure} `cli.file`, `cli.release`, `cli.signers`, `cli.enrolment`
 */
export async function readRecord(file: string): Promise<{ envelope: Envelope; record: EnrolmentRecord }> {
  const envelope = await readEnvelope(file, 'enrolment')
  assertSignatures(file, envelope)
  return { envelope, record: recordOf(file, envelope) }
}

function recordOf(file: string, envelope: Envelope): EnrolmentRecord {
  const document = documentOf(file, envelope)
  const isVerified = document['result'] !== 'unverified'
  const names = Object.keys(forms).filter((name) => isVerified || (name !== 'rootSha256' && name !== 'rootName'))
  const wrong = [
    ...names.filter((name) => !forms[name as keyof EnrolmentRecord](document[name])),
    ...Object.keys(document).filter((name) => !names.includes(name)),
  ]
  if (wrong.length > 0)
    throw new Failure('cli.enrolment', `${file}: not a record of an enrolment: ${wrong.join(', ')}`, exit.undecided)
  return document as unknown as EnrolmentRecord
}
