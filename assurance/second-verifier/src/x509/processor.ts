import { equal, fromHex } from '../bytes.ts'
import { demand } from '../refusal.ts'
import type { Certificate, CertificateRules } from './certificate.ts'
import { validatePath } from './path.ts'
import { checkNotRevoked, type Revocations } from './revocation.ts'

/** RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48, as AMD writes it: PROTOCOL.md §18.3. */
const rsassaPss = fromHex(
  '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
)

/** hwID, AMD 57230 §3.1: 64 bytes that stand bare in their extension. */
export const hwIdExtension = '1.3.6.1.4.1.3704.1.4'

const rules: CertificateRules = {
  checkSignatureAlgorithm: ({ bytes }) =>
    demand(equal(bytes, rsassaPss), 'chain.signature_algorithm', 'not that of AMD'),
  leastSerial: 0n,
  // keyCertSign with a zero bit too many.
  extensions: { opaque: hwIdExtension, alsoWritten: new Map([['03020104', '03020204']]) },
}

/** When a chain is judged, and by which list of what was revoked. */
export interface ValidationContext {
  readonly status: Revocations | undefined
  readonly nowMs: number
}

/** The VCEK at the end of a chain from AMD's root. @throws {Refusal} chain.* */
export async function validateProcessorPath(
  chain: readonly Uint8Array[],
  rootSha256: Uint8Array,
  { status, nowMs }: ValidationContext,
): Promise<Certificate> {
  const path = await validatePath(chain, rootSha256, nowMs, rules)
  if (status !== undefined) await checkNotRevoked(path, status)
  const [leaf] = path
  if (leaf === undefined) throw new TypeError('a path has a leaf')
  return leaf
}
