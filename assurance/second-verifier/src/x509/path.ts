import { equal, toHex } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { demand } from '../refusal.ts'
import {
  attestationKeyRules,
  type Certificate,
  type CertificateRules,
  checkSignatureForm,
  readCertificate,
} from './certificate.ts'
import { sameDer } from './der.ts'
import { isSignedBy } from './pki.ts'

/** keyCertSign, RFC 5280 §4.2.1.3. */
const keyCertSign = 5

/**
 * Validates exactly the certificates sent, leaf to root (PROTOCOL.md §17.2), at `nowMs`: one by one from the root down. `checkIssuer` is what
 * an authority has to be beyond RFC 5280.
 *
 * @throws {Refusal} chain.*
 */
export async function validatePath(
  chain: readonly Uint8Array[],
  rootSha256: Uint8Array,
  nowMs: number,
  rules: CertificateRules = attestationKeyRules,
  checkIssuer: (authority: Certificate) => void = () => undefined,
): Promise<readonly Certificate[]> {
  demand(chain.length >= 2 && chain.length <= 8, 'chain.length', `${chain.length} certificates`)
  const root = await sha256(chain.at(-1) as Uint8Array)
  demand(equal(root, rootSha256), 'chain.root', toHex(root))
  const path: Certificate[] = []
  let allowed = Number.POSITIVE_INFINITY
  for (const [index, bytes] of [...chain.entries()].toReversed()) {
    const certificate = readCertificate(bytes, index === 0, rules)
    const issuer = path[0] ?? certificate
    demand(nowMs >= certificate.notBeforeMs, 'chain.not_yet_valid', `certificate ${index}`)
    demand(nowMs < certificate.notAfterMs + 1000, 'chain.expired', `certificate ${index}`)
    demand(sameDer(certificate.issuer, issuer.subject), 'chain.issuer', `certificate ${index}`)
    checkSignatureForm(certificate)
    demand(await isSignedBy(certificate.bytes, issuer), 'chain.signature', `certificate ${index}`)
    if (index > 0) {
      allowed = checkAuthority(certificate, index, allowed)
      checkIssuer(certificate)
    } else demand(!certificate.extensions.ca, 'chain.leaf_ca', 'the leaf is an authority')
    path.unshift(certificate)
  }
  return path
}

/** How many intermediates may follow, RFC 5280 §6.1.4 (k) to (n). */
function checkAuthority(
  { extensions, issuer, subject, subjectName }: Certificate,
  index: number,
  allowed: number,
): number {
  const at = `certificate ${index}`
  demand(extensions.ca && subjectName.length > 0, 'chain.not_ca', at)
  const selfIssued = sameDer(issuer, subject)
  demand(selfIssued || allowed > 0, 'chain.path_length', at)
  demand(extensions.keyUsage?.has(keyCertSign) === true, 'chain.key_cert_sign', at)
  const left = selfIssued ? allowed : allowed - 1
  return Math.min(left, Number(extensions.pathLength ?? Number.POSITIVE_INFINITY))
}
