import { Certificate as PkiCertificate, CertificateChainValidationEngine, CryptoEngine } from 'pkijs'
import { concat } from '../bytes.ts'
import { webcrypto } from '../crypto.ts'
import type { Certificate } from './certificate.ts'

const engine: CryptoEngine = new CryptoEngine({ name: 'peculiar', crypto: webcrypto as unknown as Crypto })

/** The signature over the certificate, by PKI.js over WebCrypto; algorithms were checked before. */
export async function isSignedBy(certificate: Uint8Array, issuer: Certificate): Promise<boolean> {
  const signed = PkiCertificate.fromBER(concat(certificate))
  try {
    return await signed.verify(PkiCertificate.fromBER(concat(issuer.bytes)), engine)
  } catch {
    // Another kind of key than the signature's algorithm needs, or a signature that is no structure of its kind.
    return false
  }
}

/**
 * What PKI.js itself says of a chain that passed here: never a reason to accept, but one to look again when it refuses.
 * It does not apply every rule of RFC 5280 (docs of this package, README.md).
 */
export async function pkiAccepts(chain: readonly Certificate[], nowMs: number): Promise<boolean> {
  const certificates = chain.map(({ bytes }) => PkiCertificate.fromBER(concat(bytes)))
  const validation = new CertificateChainValidationEngine({
    certs: certificates.toReversed(),
    trustedCerts: certificates.slice(-1),
    // It takes the instant of notAfter for the end, not its second.
    checkDate: new Date(nowMs - (nowMs % 1000)),
  })
  return (await validation.verify({}, engine)).result
}
