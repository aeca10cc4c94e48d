import { timingSafeEqual } from 'node:crypto'
import type { Code } from '@blindllama/web-sdk'
import { withoutPadding } from '../chain/describe.js'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import type { Inspector } from '../verifier.js'
import { makeCredential } from './credential.js'
import { type Chain, chainTo, type RootKind, type Roots } from './roots.js'
import type { Description, EnrolmentService } from './service.js'
import type { TemplateName } from './templates.js'

/** What an attestation key was found to be: the kind of the root behind its TPM, or no root at hand. */
export type Result = RootKind | 'unverified'

/** The record (PROTOCOL.md §22.4). Byte strings are lower-case hex. */
export interface EnrolmentRecord {
  akName: string
  akPublicSha256: string
  result: Result
  template: TemplateName
  ekCertificateSha256: string
  /** Both are left out of an unverified one. */
  rootSha256?: string
  rootName?: string
  /** The certificate's words. */
  manufacturer: string
  model: string
  firmware: string
  /** In ms since 1970. */
  date: number
}

/** What `checkEndorsement` of the verifier says: `ok` and all of it, or a code of the first fault. */
type EndorsementReport =
  | ({ code: 'ok'; key: string[] } & Pick<
      EnrolmentRecord,
      'akName' | 'akPublicSha256' | 'ekCertificateSha256' | 'manufacturer' | 'model' | 'firmware'
    >)
  | { code: Exclude<Code, 'ok'>; place: string }

/** An endorsement key of the TPM, with a chain to a root of the author's list where there is one. */
interface Candidate {
  readonly template: TemplateName
  readonly certificate: Uint8Array
  readonly chain: Chain | undefined
}

/** Longest time between a credential and its value, in milliseconds (PROTOCOL.md §22.2). */
const activationMs = 60_000

/**
 * Proves which TPM holds the attestation key of a gateway (PROTOCOL.md §22.2): checks the certificate of an endorsement key up to a root
 * of the author's list, and has the TPM decrypt a credential that is made for both keys.
 *
 * @param clock in ms since 1970
 * @throws {Failure} `cli.enrolment` and the codes of layers `ak`, `chain` and `enrol`: the key is not proven to be in that TPM
 */
export async function enrol(
  service: EnrolmentService,
  roots: Roots,
  inspector: Pick<Inspector, 'checkEndorsement'>,
  clock: () => number = Date.now,
): Promise<EnrolmentRecord> {
  return (await enrolKey(service, roots, inspector, clock)).record
}

/** A key that was proven to be in the TPM of its record. */
export interface EnrolledKey {
  readonly record: EnrolmentRecord
  /** TPMT_PUBLIC */
  readonly akPublic: Uint8Array
}

/** As {@link enrol}, with the key itself. */
export async function enrolKey(
  service: EnrolmentService,
  roots: Roots,
  { checkEndorsement }: Pick<Inspector, 'checkEndorsement'>,
  clock: () => number = Date.now,
): Promise<EnrolledKey> {
  const date = clock()
  const described = await service.describe()
  const { template, certificate, chain } = choose(described, roots)
  const certificates = chain?.certificates ?? [certificate]
  const report = JSON.parse(
    checkEndorsement(
      described.akPublic,
      template,
      Buffer.concat(certificates),
      Uint32Array.from(certificates, ({ length }) => length),
      chain && Buffer.from(chain.root.sha256, 'hex'),
      date,
    ),
  ) as EndorsementReport
  if (report.code !== 'ok') throw refused(report)
  const { code: _, key, akName, akPublicSha256, ekCertificateSha256, ...words } = report
  const made = makeCredential(template, key.map(bytes), bytes(akName))
  const asked = clock()
  const value = await service.activate(template, made)
  if (clock() - asked > activationMs)
    throw new Failure('cli.enrolment', `The answer took more than ${activationMs / 1000} s. Enrol again`, exit.refused)
  if (value.length !== made.value.length || !timingSafeEqual(value, made.value))
    throw new Failure(
      'cli.enrolment',
      'The answer is not the value in the credential, which only the TPM can read: whoever answered is not in possession of it',
      exit.refused,
    )
  const root = chain && { rootSha256: chain.root.sha256, rootName: chain.root.name }
  const result: Result = chain?.root.kind ?? 'unverified'
  const record = { akName, akPublicSha256, result, template, ekCertificateSha256, ...root, ...words, date }
  return { record, akPublic: described.akPublic }
}

/** The first endorsement key whose chain is complete; without one the first. */
function choose({ endorsements }: Description, roots: Roots): Candidate {
  const candidates = endorsements.map((each): Candidate => ({
    ...each,
    chain: chainTo(roots, withoutPadding(each.certificate)),
  }))
  const chosen = candidates.find(({ chain }) => chain !== undefined) ?? candidates[0]
  if (!chosen)
    throw new Failure(
      'cli.enrolment',
      'This TPM holds no certificate of an endorsement key that this command knows (NV 0x01C00002, 0x01C0000A, 0x01C00016), so nothing says which TPM it is',
      exit.refused,
    )
  return chosen
}

function refused({ code, place }: Exclude<EndorsementReport, { code: 'ok' }>): Failure {
  const where = place === '' ? '' : ` (${place})`
  const what = code.startsWith('ak.') ? 'The attestation key' : 'The certificate of the endorsement key'
  return new Failure(code, `${what} is refused${where}; docs/ERRORS.md says what the code means`, exit.refused)
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
