import { createHash, X509Certificate } from 'node:crypto'
import { exit } from '../exit.js'
import { enrolKey, type EnrolmentRecord, type Result } from '../enrol/enrol.js'
import type { Roots } from '../enrol/roots.js'
import type { EnrolmentService } from '../enrol/service.js'
import { Failure } from '../failure.js'
import type { Inspector } from '../verifier.js'
import type { AuthorityKey } from './authority-key.js'
import { certify } from './certificate.js'
import { dayMs, skewMs } from './profile.js'
import { publicKeyOf } from './public-key.js'

/** The kinds of TPM that an authority certifies. */
export type Certified = Exclude<Result, 'unverified'>

export interface Issued {
  readonly record: EnrolmentRecord & { result: Certified }
  /** DER, leaf and root. */
  readonly chain: readonly [leaf: Uint8Array, root: Uint8Array]
}

/** What the author demands of a key. */
export interface Demands {
  readonly expected: Certified
  /** Of the certificate, in days. */
  readonly days: number
  /** Name of the key that is renewed; undefined for a first certificate. */
  readonly renews: string | undefined
}

/**
 * Enrols an attestation key (PROTOCOL.md §22.2) and certifies it (§22.6). A renewal repeats the whole enrolment: the TPM has to decrypt a
 * fresh credential each time.
 *
 * @param clock in ms since 1970
 * @throws {Failure} `cli.authority`, and what {@link enrolKey} throws: nothing was signed
 */
export async function issue(
  service: EnrolmentService,
  roots: Roots,
  inspector: Pick<Inspector, 'checkEndorsement' | 'checkChain'>,
  { key, root }: { readonly key: AuthorityKey; readonly root: Uint8Array },
  { expected, days, renews }: Demands,
  clock: () => number = Date.now,
): Promise<Issued> {
  const notAfter = clock() + days * dayMs
  assertAuthority(key, root, notAfter)
  const { record, akPublic } = await enrolKey(service, roots, inspector, clock)
  const { akName, result, date } = record
  if (result !== expected) throw refused(`The TPM is ${result} by the roots file, and --as says ${expected}`)
  if (renews !== undefined && renews !== akName)
    throw refused(`The gateway shows the key ${akName}, and the record of --previous is of ${renews}`)
  const validity = { notBefore: date - skewMs, notAfter }
  const leaf = await certify(key, root, record, publicKeyOf(akPublic), validity)
  const code = inspector.checkChain(
    Buffer.concat([leaf, root]),
    Uint32Array.of(leaf.length, root.length),
    createHash('sha256').update(root).digest(),
    date,
  )
  // Every page would refuse it.
  if (code !== 'ok') throw refused(`The verifier refuses the chain of --root and the new certificate (${code})`)
  return { record: { ...record, result }, chain: [leaf, root] }
}

/** @throws {Failure} `cli.authority` where the root is of another key, or ends before the certificate would */
function assertAuthority({ publicKey }: AuthorityKey, der: Uint8Array, notAfter: number): void {
  let root: X509Certificate
  try {
    root = new X509Certificate(der)
  } catch {
    throw refused('--root is not a certificate in DER')
  }
  if (!root.publicKey.equals(publicKey))
    throw refused('--root is the certificate of another key than that of the authority')
  if (Date.parse(root.validTo) < notAfter)
    throw refused(
      `The certificate of the authority ends at ${new Date(root.validTo).toISOString()}, before the new one would; choose fewer --days or make a new authority`,
    )
}

function refused(what: string): Failure {
  return new Failure('cli.authority', `${what}. Nothing was issued`, exit.refused)
}
