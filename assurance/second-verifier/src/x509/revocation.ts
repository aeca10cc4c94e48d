import { equal } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { demand } from '../refusal.ts'
import type { Certificate } from './certificate.ts'

/** Certificates that were withdrawn, PROTOCOL.md §19.5: by their SHA-256, and by issuer and serial number. */
export interface Revocations {
  readonly revokedCertificates: readonly Uint8Array[]
  /** `issuer` is the SHA-256 of the issuer's name. */
  readonly revokedSerials: readonly { readonly issuer: Uint8Array; readonly serial: string }[]
}

/** @throws {Refusal} chain.revoked */
export async function checkNotRevoked(chain: readonly Certificate[], revoked: Revocations): Promise<void> {
  for (const { bytes, issuer, serial } of chain) {
    const [own, name] = [await sha256(bytes), await sha256(issuer.bytes)]
    const byHash = revoked.revokedCertificates.some((listed) => equal(listed, own))
    const byNumber = revoked.revokedSerials.some((entry) => entry.serial === serial && equal(entry.issuer, name))
    demand(!byHash && !byNumber, 'chain.revoked', `serial number ${serial}`)
  }
}
