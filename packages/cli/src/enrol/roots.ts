import { createHash, X509Certificate } from 'node:crypto'
import { certificatesIn } from '../chain/certificates.js'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { bytesOf } from '../read-file.js'

/** What stands behind a root, by the author's own list (PROTOCOL.md §22.3). */
export type RootKind = 'hardware' | 'virtual' | 'software'

export const rootKinds: readonly RootKind[] = ['hardware', 'virtual', 'software']

export interface Root {
  readonly name: string
  readonly kind: RootKind
  /** Of the DER, in hex. */
  readonly sha256: string
}

/** The roots that the author trusts, and certificates to build chains with. The latter are trusted with nothing. */
export interface Roots {
  readonly roots: readonly Root[]
  readonly certificates: readonly Uint8Array[]
}

/** Leaf to root; the root is one of the list. */
export interface Chain {
  readonly certificates: readonly Uint8Array[]
  readonly root: Root
}

/** PROTOCOL.md §17.2 */
const longestChain = 8
/** Of files and list together: vendors publish some hundred. */
const mostCertificates = 4096
/** Of one search, which takes seconds then. A maker has some hundred certificates, and few of them with the same name. */
const mostSignatures = 4096

/**
 * Reads a roots file, and certificates of further files.
 *
 * @throws {Failure} `cli.enrolment`, `cli.file`, `cli.size`
 */
export async function readRoots(file: string, more: readonly string[]): Promise<Roots> {
  const { roots, certificates } = rootsIn(file, await bytesOf(file))
  const all = [...certificates]
  for (const each of more) all.push(...certificatesIn(each, await bytesOf(each)))
  if (all.length > mostCertificates) throw malformed(file, `more than ${mostCertificates} certificates`)
  return { roots, certificates: all }
}

function rootsIn(file: string, content: Uint8Array): Roots {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    throw malformed(file, 'not JSON in UTF-8')
  }
  const { version, roots, certificates = [], ...others } = (parsed ?? {}) as Record<string, unknown>
  const unknown = Object.keys(others)
  if (version !== 1 || unknown.length > 0 || !Array.isArray(roots) || !Array.isArray(certificates))
    throw malformed(file, 'expected are "version": 1, "roots" and, optional, "certificates", and nothing else')
  const list = roots.map((root, index) => {
    if (!isRoot(root))
      throw malformed(file, `root ${index + 1} is not {"name", "kind": ${rootKinds.join(' | ')}, "sha256"}`)
    return root
  })
  if (new Set(list.map(({ sha256 }) => sha256)).size !== list.length)
    throw malformed(file, 'one root stands there twice')
  const ders = certificates.map((text: unknown, index) => {
    if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
      throw malformed(file, `certificate ${index + 1} is not base64`)
    return new Uint8Array(Buffer.from(text, 'base64'))
  })
  return { roots: list, certificates: ders }
}

function isRoot(value: unknown): value is Root {
  const { name, kind, sha256, ...others } = (value ?? {}) as Record<string, unknown>
  return (
    Object.keys(others).length === 0 &&
    typeof name === 'string' &&
    name !== '' &&
    Buffer.byteLength(name) <= 255 &&
    rootKinds.includes(kind as RootKind) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  )
}

function malformed(file: string, what: string): Failure {
  return new Failure('cli.enrolment', `${file}: ${what} (spec/enrolment-roots.schema.json)`, exit.undecided)
}

/**
 * The shortest chain from `leaf` to a root of the list, of the certificates at hand; undefined where there is none. It is only found
 * here: the verifier judges it.
 *
 * Breadth first, and each certificate is extended once: certificates that name each other as issuers lengthen no search.
 *
 * @throws {Failure} `cli.enrolment` where more than {@link mostSignatures} signatures would have to be checked
 */
export function chainTo({ roots, certificates }: Roots, leaf: Uint8Array): Chain | undefined {
  const start = candidateOf(leaf)
  if (!start) return undefined
  const bySubject = new Map<string, Candidate[]>()
  for (const candidate of certificates.flatMap((der) => candidateOf(der) ?? [])) {
    const sameName = bySubject.get(candidate.subject)
    if (sameName) sameName.push(candidate)
    else bySubject.set(candidate.subject, [candidate])
  }
  const known = new Map(roots.map((root) => [root.sha256, root]))
  const seen = new Set([start.sha256])
  let paths: (readonly [Candidate, ...Candidate[]])[] = [[start]]
  let signatures = 0
  for (let length = 1; length < longestChain && paths.length > 0; length += 1) {
    const longer: typeof paths = []
    for (const path of paths) {
      // The last certificate comes first.
      const [last] = path
      for (const issuer of bySubject.get(last.issuer) ?? []) {
        if (seen.has(issuer.sha256)) continue
        if ((signatures += 1) > mostSignatures) throw tooManySignatures()
        if (!last.certificate.verify(issuer.certificate.publicKey)) continue
        seen.add(issuer.sha256)
        const root = known.get(issuer.sha256)
        if (root) return { certificates: [issuer, ...path].toReversed().map(({ der }) => der), root }
        longer.push([issuer, ...path])
      }
    }
    paths = longer
  }
  return undefined
}

function tooManySignatures(): Failure {
  return new Failure(
    'cli.enrolment',
    `more than ${mostSignatures} signatures of the certificates at hand would have to be checked for one chain. ` +
      'Give only the certificates of the maker of this TPM, in the roots file and with --certificates',
    exit.undecided,
  )
}

interface Candidate {
  readonly der: Uint8Array
  readonly certificate: X509Certificate
  readonly subject: string
  readonly issuer: string
  readonly sha256: string
}

function candidateOf(der: Uint8Array): Candidate | undefined {
  try {
    const certificate = new X509Certificate(der)
    const { subject, issuer } = certificate
    const sha256 = createHash('sha256').update(der).digest('hex')
    return { der, certificate, subject, issuer, sha256 }
  } catch {
    // What Node.js cannot read leads nowhere: without it there may be no chain, and never a better one.
    return undefined
  }
}
