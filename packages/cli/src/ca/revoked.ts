import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { bytesOf } from '../read-file.js'
import { documentOf } from '../release/document.js'
import { readEnvelope } from '../release/envelope.js'
import { assertSigned, readTrust, signersOf } from '../release/trust.js'
import type { CertificateRecord } from './record.js'

/** A status and the policy whose keys sign it. */
export interface StatusFiles {
  readonly status: string
  readonly policy: string
}

interface Withdrawals {
  readonly date: number
  readonly revokedCertificates?: readonly string[]
  readonly revokedSerials?: readonly { readonly issuer: string; readonly serial: string }[]
}

/** What a clock that signs may run ahead, in milliseconds. */
const clockSkewMs = 5 * 60_000

/** The policy's rule for the age of a status; without one a week, as PROTOCOL.md §19.5 shows. */
async function statusRuleOf(policy: string): Promise<{ readonly maxAgeMs: number }> {
  const { status } = JSON.parse(Buffer.from(await bytesOf(policy)).toString('utf8')) as {
    readonly status?: { readonly maxAgeMs: number }
  }
  return status ?? { maxAgeMs: 604_800_000 }
}

/**
 * Refuses to renew a certificate that the status names (PROTOCOL.md §19.5): a renewal would undo the revocation.
 *
 * @throws {Failure} `cli.authority`, also for a status that is older than the policy allows; `cli.signers` for a status that the policy's keys did not sign
 */
export async function assertNotRevoked(record: CertificateRecord, { status, policy }: StatusFiles): Promise<void> {
  const envelope = await readEnvelope(status, 'status')
  assertSigned(status, envelope, signersOf('status', await readTrust(policy, [])))
  const { date, revokedCertificates = [], revokedSerials = [] } = documentOf(status, envelope) as unknown as Withdrawals
  const ageMs = Date.now() - date
  const { maxAgeMs } = await statusRuleOf(policy)
  if (ageMs > maxAgeMs || ageMs < -clockSkewMs)
    throw new Failure(
      'cli.authority',
      `${status} is of ${new Date(date).toISOString()}, and ${policy} wants one of the last ${maxAgeMs} ms: get the newest status, which may revoke this certificate`,
      exit.refused,
    )
  const isRevoked =
    revokedCertificates.includes(record.certificate) ||
    revokedSerials.some(({ issuer, serial }) => issuer === record.issuer && serial === record.serial)
  if (isRevoked)
    throw new Failure(
      'cli.authority',
      `${status} revokes the certificate ${record.serial} of the key ${record.akName}, so it is not renewed. Issue a first certificate without --previous once the reason for the revocation is gone`,
      exit.refused,
    )
}
