import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { BitString, fromBER, Integer, Null, OctetString, Utf8String } from 'asn1js'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
  PublicKeyInfo,
  RelativeDistinguishedNames,
  Time,
} from 'pkijs'
import type { EnrolmentRecord } from '../enrol/enrol.js'
import type { AuthorityKey } from './authority-key.js'
import { oid, serialLength } from './profile.js'

/** In ms since 1970; certificates have whole seconds. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** Named bits of keyUsage (RFC 5280 §4.2.1.3) as DER: the byte, and the bits of it that stand for nothing. */
const keyUsages = { digitalSignature: [0x80, 7], keyCertSign: [0x04, 2] } as const

/**
 * A root: it certifies attestation keys directly, and no other authority.
 *
 * @returns DER
 */
export async function makeRoot(key: AuthorityKey, name: string, validity: Validity): Promise<Uint8Array> {
  const subject = named([[oid.commonName, name]])
  const constraints = new BasicConstraints({ cA: true, pathLenConstraint: 0 })
  return signedBy(key, {
    issuer: subject,
    subject,
    publicKey: key.publicKey,
    validity,
    extensions: [
      extension(oid.basicConstraints, true, constraints.toSchema()),
      keyUsage('keyCertSign'),
      extension(oid.subjectKeyIdentifier, false, new OctetString({ valueHex: identifierOf(key.publicKey) })),
    ],
  })
}

/**
 * The certificate of an attestation key (PROTOCOL.md §22.6): the purpose 2.23.133.8.3, and in subjectAltName what the certificate of the
 * endorsement key says of the TPM.
 *
 * @param root DER of the authority's own certificate
 * @returns DER
 */
export async function certify(
  key: AuthorityKey,
  root: Uint8Array,
  { akName, manufacturer, model, firmware }: EnrolmentRecord,
  attestationKey: KeyObject,
  validity: Validity,
): Promise<Uint8Array> {
  const tpm = named([
    [oid.tpmManufacturer, manufacturer],
    [oid.tpmModel, model],
    [oid.tpmVersion, firmware],
  ])
  const names = new GeneralNames({ names: [new GeneralName({ type: 4, value: tpm })] })
  const authority = new AuthorityKeyIdentifier({
    keyIdentifier: new OctetString({ valueHex: identifierOf(key.publicKey) }),
  })
  return signedBy(key, {
    issuer: certificateOf(root).subject,
    // The Name is public: it stands in every evidence as a hash of akPublic.
    subject: named([[oid.commonName, `attestation key ${akName}`.slice(0, 64)]]),
    publicKey: attestationKey,
    validity,
    extensions: [
      keyUsage('digitalSignature'),
      extension(oid.extKeyUsage, false, new ExtKeyUsage({ keyPurposes: [oid.attestationKey] }).toSchema()),
      extension(oid.subjectAltName, false, names.toSchema()),
      extension(oid.authorityKeyIdentifier, false, authority.toSchema()),
      extension(oid.subjectKeyIdentifier, false, new OctetString({ valueHex: identifierOf(attestationKey) })),
    ],
  })
}

/** Reads DER that this command wrote, or that the verifier accepted. */
export function certificateOf(der: Uint8Array): Certificate {
  return Certificate.fromBER(Uint8Array.from(der).buffer)
}

interface Content {
  readonly issuer: RelativeDistinguishedNames
  readonly subject: RelativeDistinguishedNames
  readonly publicKey: KeyObject
  readonly validity: Validity
  readonly extensions: Extension[]
}

async function signedBy(key: AuthorityKey, content: Content): Promise<Uint8Array> {
  const algorithm = new AlgorithmIdentifier({ algorithmId: oid.ecdsaWithSha256 })
  const certificate = new Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: serialNumber() }),
    signature: algorithm,
    issuer: content.issuer,
    notBefore: timeOf(content.validity.notBefore),
    notAfter: timeOf(content.validity.notAfter),
    subject: content.subject,
    subjectPublicKeyInfo: keyInfo(content.publicKey),
    extensions: content.extensions,
    signatureAlgorithm: algorithm,
  })
  const signature = await key.sign(new Uint8Array(certificate.encodeTBS().toBER()))
  certificate.signatureValue = new BitString({ valueHex: Uint8Array.from(signature).buffer })
  return new Uint8Array(certificate.toSchema(true).toBER())
}

/** Random (RFC 5280 §4.1.2.2), and positive without a zero in front: the first byte is 40 to 7f. */
function serialNumber(): ArrayBuffer {
  const bytes = Uint8Array.from(randomBytes(serialLength))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.buffer
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5), in whole seconds. */
function timeOf(ms: number): Time {
  const value = new Date(ms - (ms % 1000))
  return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
}

/** One relative name of these attributes: pkijs writes them into one SET, whose elements DER sorts (X.690 §11.6). */
function named(attributes: readonly (readonly [type: string, value: string])[]): RelativeDistinguishedNames {
  const typesAndValues = attributes.map(
    ([type, value]) => new AttributeTypeAndValue({ type, value: new Utf8String({ value }) }),
  )
  return new RelativeDistinguishedNames({ typesAndValues: typesAndValues.sort((a, b) => derOf(a).compare(derOf(b))) })
}

function derOf(attribute: AttributeTypeAndValue): Buffer {
  return Buffer.from(attribute.toSchema().toBER())
}

function extension(id: string, critical: boolean, content: { toBER(): ArrayBuffer }): Extension {
  return new Extension({ extnID: id, critical, extnValue: content.toBER() })
}

function keyUsage(usage: keyof typeof keyUsages): Extension {
  const [bits, unusedBits] = keyUsages[usage]
  return extension(oid.keyUsage, true, new BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits }))
}

/** RFC 7093 §2, method 1: the leftmost 160 bits of the SHA-256 of the key. */
function identifierOf(key: KeyObject): ArrayBuffer {
  const bits = keyInfo(key).subjectPublicKey.valueBlock.valueHexView
  return Uint8Array.from(createHash('sha256').update(bits).digest().subarray(0, 20)).buffer
}

function keyInfo(key: KeyObject): PublicKeyInfo {
  const spki = Uint8Array.from(key.export({ format: 'der', type: 'spki' }))
  const info = new PublicKeyInfo({ schema: fromBER(spki.buffer).result })
  if (key.asymmetricKeyType === 'rsa') info.algorithm.algorithmParams = new Null()
  return info
}
