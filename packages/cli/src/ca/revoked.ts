import { exit } from '../exit.js'
import { Failure } from '../failure.js'
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
  readonly revokedCertificates?: readonly string[]
  readonly revokedSerials?: readonly { readonly issuer: string; readonly serial: string }[]
}

/**
 * Refuses to renew a certificate that the status names (PROTOCOL.md §19.5): a renewal would undo the revocation.
 *
 * @throws {Failure} `cli.authority`; `cli.signers` for a status that the policy's keys did not sign
 */
export async function assertNotRevoked(record: CertificateRecord, { status, policy }: StatusFiles): Promise<void> {
  const envelope = await readEnvelope(status, 'status')
  assertSigned(status, envelope, signersOf('status', await readTrust(policy, [])))
  const { revokedCertificates = [], revokedSerials = [] } = documentOf(status, envelope) as Withdrawals
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
