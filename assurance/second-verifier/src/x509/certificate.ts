import { all, concat, toHex } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'
import type { PublicKey } from '../tpm/public.ts'
import { context, type Der, integerOf, lengthOfFirst, oidOf, readDer, sameDer, tag } from './der.ts'
import { type ExtensionRules, type Extensions, readExtensions } from './extensions.ts'
import { Fields } from './fields.ts'
import { type Name, readName } from './name.ts'
import { readSpki } from './spki.ts'
import { readTime } from './time.ts'

/** A certificate of RFC 5280 as PROTOCOL.md §17.1 narrows it. */
export interface Certificate {
  /** Without padding. */
  readonly bytes: Uint8Array
  readonly issuer: Der
  /** Hex of whole bytes, without leading zeros. */
  readonly serial: string
  readonly subject: Der
  readonly subjectName: Name
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly key: PublicKey
  readonly extensions: Extensions
  readonly algorithm: Der
  readonly signature: Uint8Array
}

const syntax = 'chain.syntax'

/** RFC 8017 §A.2.4 (with NULL) and RFC 5758 §3.2 (without parameters). */
const rsaSignatures: ReadonlySet<string> = new Set(['11', '12', '13'].map((last) => `1.2.840.113549.1.1.${last}`))
const ecdsaSignatures: ReadonlySet<string> = new Set(['2', '3', '4'].map((last) => `1.2.840.10045.4.3.${last}`))

/** What differs between the chains of attestation keys (PROTOCOL.md §17.1) and those of processors (§18.3). */
export interface CertificateRules {
  readonly checkSignatureAlgorithm: (value: Der) => void
  readonly leastSerial: bigint
  readonly extensions: ExtensionRules
}

export const attestationKeyRules: CertificateRules = {
  checkSignatureAlgorithm,
  leastSerial: 1n,
  extensions: { opaque: undefined, alsoWritten: new Map() },
}

/** The order of the checks is that of PROTOCOL.md §17.1. Zeros may follow a leaf, as in NVRAM. @throws {Refusal} chain.* */
export function readCertificate(bytes: Uint8Array, isLeaf: boolean, rules: CertificateRules): Certificate {
  const der = isLeaf ? withoutPadding(bytes) : bytes
  const outer = new Fields(readDer(der, 'chain.encoding'), tag.sequence, syntax)
  const [body, algorithm, signature] = [outer.take(tag.sequence), outer.take(tag.sequence), outer.take(tag.bitString)]
  outer.end()
  demand(signature.content[0] === 0, syntax, 'a signature with unused bits')
  const fields = new Fields(body, tag.sequence, syntax)
  const version = fields.optional(context(0, true))?.children
  const [serial, inner, issuer] = [fields.take(tag.integer), fields.take(tag.sequence), fields.take(tag.sequence)]
  const validity = new Fields(fields.take(tag.sequence), tag.sequence, syntax)
  const [subject, spki] = [fields.take(tag.sequence), fields.take(tag.sequence)]
  const wrapped = fields.optional(context(3, true))
  fields.end()
  demand(wrapped === undefined || wrapped.children.length === 1, syntax, 'extensions')
  const [issuerName, subjectName] = [readName(issuer, syntax), readName(subject, syntax)]
  demand(
    version?.length === 1 && version[0]?.tag === tag.integer && integerOf(version[0]) === 2n,
    'chain.version',
    'not version 3',
  )
  demand(sameDer(inner, algorithm), 'chain.algorithm_mismatch', 'two signature algorithms')
  const list = wrapped?.children[0]
  if (list === undefined) throw new Refusal(syntax, 'no extensions')
  const extensions = readExtensions(list, rules.extensions)
  demand(issuerName.length > 0, 'chain.name', 'no issuer')
  const named = subjectName.length > 0 || (extensions.altNameIsCritical && extensions.directoryNames.length > 0)
  demand(named, 'chain.name', 'no subject and no critical subjectAltName')
  demand(integerOf(serial) >= rules.leastSerial && serial.content.length <= 20, 'chain.serial', 'serial number')
  const [notBeforeMs, notAfterMs] = [readTime(validity), readTime(validity)]
  demand(validity.left === 0, 'chain.time', 'a third time')
  const key = readSpki(spki, 'chain.key', syntax)
  rules.checkSignatureAlgorithm(algorithm)
  return {
    bytes: concat(der),
    issuer,
    serial: toHex(serial.content).replace(/^00/, ''),
    subject,
    subjectName,
    notBeforeMs,
    notAfterMs,
    key,
    extensions,
    algorithm,
    signature: signature.content.subarray(1),
  }
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  const length = lengthOfFirst(bytes)
  if (length === undefined || length >= bytes.length) return bytes
  demand(all(bytes.subarray(length), 0), 'chain.trailing', 'something other than zeros follows')
  return bytes.subarray(0, length)
}

/** Ecdsa-Sig-Value, RFC 3279 §2.2.3; PKI.js reads over what follows it. @throws {Refusal} chain.signature */
export function checkSignatureForm({ signature, algorithm }: Certificate): void {
  const [oid] = algorithm.children
  if (oid === undefined || !ecdsaSignatures.has(oidOf(oid))) return
  const fields = new Fields(readDer(signature, 'chain.signature'), tag.sequence, 'chain.signature')
  const numbers = [fields.take(tag.integer), fields.take(tag.integer)]
  fields.end()
  demand(
    numbers.every((number) => integerOf(number) > 0n),
    'chain.signature',
    'r or s is not positive',
  )
}

function checkSignatureAlgorithm(value: Der): void {
  const fields = new Fields(value, tag.sequence, 'chain.signature_algorithm')
  const oid = oidOf(fields.take(tag.oid))
  const isRsa = rsaSignatures.has(oid)
  demand(isRsa || ecdsaSignatures.has(oid), 'chain.signature_algorithm', oid)
  if (isRsa) fields.take(tag.null)
  fields.end()
}
