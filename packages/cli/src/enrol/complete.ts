import { createHash, X509Certificate } from 'node:crypto'
import { certificatesIn } from '../chain/certificates.js'
import { describe } from '../chain/describe.js'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import type { Inspector } from '../verifier.js'
import { issuerAddresses } from './issuers.js'

/** PROTOCOL.md §17.2 */
const longestChain = 8

/** OBJECT IDENTIFIER id-signedData (RFC 5652 §5.1), with which a bag of certificates begins. */
const signedData = Buffer.from('06092a864886f70d010702', 'hex')

/** A certificate of a chain, and the address that it came from; without one it was given. */
export interface Link {
  readonly der: Uint8Array
  readonly address?: string
}

export interface Completion {
  /** SHA-256 of the roots that a chain may end in, in hex. */
  readonly roots: readonly string[]
  /** Certificates at hand, trusted with nothing. */
  readonly given: readonly Uint8Array[]
  /** The content at an address. @throws {Error} */
  readonly download: (address: URL) => Promise<Uint8Array>
}

/**
 * The chain from a leaf to one of the roots: of the certificates at hand, else of those that certificates name (authorityInfoAccess). What
 * comes from there is taken only as the issuer whose key signed the certificate before; then the verifier judges the whole chain.
 *
 * @param at ms since 1970
 * @throws {Failure} `cli.chain` where a certificate is missing, and the verifier's code for a chain that clients would refuse
 */
export async function completeChain(
  leaf: Uint8Array,
  { roots, given, download }: Completion,
  { checkChain }: Pick<Inspector, 'checkChain'>,
  at: number,
): Promise<Link[]> {
  const chain: Link[] = [{ der: leaf }]
  let last = leaf
  while (chain.length === 1 || !roots.includes(sha256(last))) {
    if (chain.length === longestChain) throw incomplete(`no root within ${longestChain} certificates`)
    if (chain.length > 1 && isRoot(last))
      throw incomplete(
        `it ends in ${nameOf(last)} with the SHA-256 ${sha256(last)}, and ${roots.join(' or ')} is expected`,
      )
    const link = await issuerOf(last, given, download)
    chain.push(link)
    last = link.der
  }
  const ders = chain.map(({ der }) => der)
  const lengths = Uint32Array.from(ders, ({ length }) => length)
  const code = checkChain(Buffer.concat(ders), lengths, Buffer.from(sha256(last), 'hex'), at)
  if (code !== 'ok')
    throw new Failure(
      code as Failure['code'],
      `Clients would refuse the chain of ${nameOf(leaf)}; docs/ERRORS.md says what the code means`,
      exit.refused,
    )
  return chain
}

async function issuerOf(
  der: Uint8Array,
  given: readonly Uint8Array[],
  download: Completion['download'],
): Promise<Link> {
  const certificate = read(der)
  if (!certificate) throw incomplete(`${nameOf(der)} is no certificate that Node.js reads`)
  const known = given.find((each) => isIssuer(each, certificate))
  if (known) return { der: known }
  const issuer = certificate.issuer.replaceAll('\n', ', ')
  const faults: string[] = []
  for (const address of issuerAddresses(der)) {
    try {
      const content = await download(address)
      const found = certificatesOf(content).find((each) => isIssuer(each, certificate))
      if (found) return { der: found, address: address.href }
      faults.push(`${address.href} ${unfit(content)}`)
    } catch (cause) {
      faults.push(`${address.href} ${(cause as Error).message}`)
    }
  }
  const tried = faults.length === 0 ? 'It names no address of its issuer' : faults.join('; ')
  throw incomplete(
    `the issuer of ${nameOf(der)} is missing: ${issuer}. ${tried}. Give the certificate of this issuer with --certificates`,
  )
}

function isRoot(der: Uint8Array): boolean {
  const certificate = read(der)
  return certificate !== undefined && isIssuer(der, certificate)
}

function isIssuer(der: Uint8Array, of: X509Certificate): boolean {
  const certificate = read(der)
  return certificate !== undefined && certificate.subject === of.issuer && of.verify(certificate.publicKey)
}

/** DER, or PEM, as some authorities publish it. */
function certificatesOf(content: Uint8Array): readonly Uint8Array[] {
  return certificatesIn('content', content)
}

function unfit(content: Uint8Array): string {
  if (Buffer.from(content.subarray(0, 64)).includes(signedData))
    return 'is PKCS #7 (convert it: openssl pkcs7 -inform DER -print_certs)'
  return 'is not the certificate of this issuer'
}

function read(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

function nameOf(der: Uint8Array): string {
  return describe(der).subject ?? 'the leaf'
}

function sha256(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex')
}

function incomplete(what: string): Failure {
  return new Failure('cli.chain', `No chain: ${what}`, exit.undecided)
}
