import { decode } from 'cborg'
import { Certificate } from 'pkijs'
import type { Evidence } from '../proof/evidence.js'

/** A certificate of the evidence, read for display. The verifier reads the same bytes itself, strictly. */
export interface ShownCertificate {
  readonly subject: string
  readonly issuer: string
  /** In hex. */
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** SHA-256 of the DER, in hex. */
  readonly sha256: string
  /** Why nothing else could be read. */
  readonly unreadable?: true
}

/** Keys of bundle, static part and platform report (PROTOCOL.md §3). */
const BUNDLE_STATIC = 6
const AK_CHAIN = 1
const PLATFORM_REPORTS = 4
const AK_CHAINS = 6
const REPORT_CERTIFICATES = 2

type CborMap = Map<number, unknown>

/**
 * The chains of the evidence, each from leaf to root. This module holds pkijs, and is loaded when a person asks for it.
 *
 * @throws {Error} for evidence that is not the CBOR of a bundle
 */
export async function certificateChains({ evidence, staticPart }: Evidence): Promise<readonly ShownCertificate[][]> {
  const bundle = decode(evidence, { useMaps: true }) as CborMap
  const carried = bundle.get(BUNDLE_STATIC) ?? staticPart
  if (!(carried instanceof Uint8Array)) return []
  const parts = decode(carried, { useMaps: true }) as CborMap
  const reports = (parts.get(PLATFORM_REPORTS) ?? []) as CborMap[]
  const chains = [
    parts.get(AK_CHAIN),
    ...((parts.get(AK_CHAINS) ?? []) as unknown[]),
    ...reports.map((report) => report.get(REPORT_CERTIFICATES)),
  ] as (Uint8Array[] | undefined)[]
  return Promise.all(
    chains.filter((chain): chain is Uint8Array[] => chain !== undefined).map((chain) => Promise.all(chain.map(read))),
  )
}

async function read(der: Uint8Array): Promise<ShownCertificate> {
  const bytes = new Uint8Array(der)
  const sha256 = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
  try {
    const { subject, issuer, serialNumber, notBefore, notAfter } = Certificate.fromBER(bytes)
    return {
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      serialNumber: hex(serialNumber.valueBlock.valueHexView),
      notBefore: notBefore.value,
      notAfter: notAfter.value,
      sha256,
    }
  } catch {
    const never = new Date(Number.NaN)
    return { subject: '', issuer: '', serialNumber: '', notBefore: never, notAfter: never, sha256, unreadable: true }
  }
}

/** The usual attributes of X.520; others are written by their identifier. */
const attributes: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
}

function nameOf({ typesAndValues }: Certificate['subject']): string {
  return typesAndValues
    .map(({ type, value }) => `${attributes[type] ?? type}=${String(value.valueBlock.value)}`)
    .join(', ')
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
