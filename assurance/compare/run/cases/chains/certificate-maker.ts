import { concat } from '../../../../second-verifier/src/bytes.ts'
import { webcrypto } from '../../../../second-verifier/src/crypto.ts'
import * as der from './der-writer.ts'

/** A key that can sign, with its SubjectPublicKeyInfo. */
export interface Signer {
  readonly algorithm: 'ECDSA' | 'RSASSA-PKCS1-v1_5'
  readonly keys: CryptoKeyPair
  readonly spki: Uint8Array
}

/** Parts of a certificate; each may be given as bytes that no authority would write. */
export interface Template {
  readonly version?: Uint8Array
  readonly serial?: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly notBefore?: Uint8Array
  readonly notAfter?: Uint8Array
  readonly spki: Uint8Array
  /** Between the key and the extensions. */
  readonly uniqueId?: Uint8Array
  readonly extensions: readonly Uint8Array[]
  readonly innerAlgorithm?: Uint8Array
  readonly outerAlgorithm?: Uint8Array
  readonly changeSignature?: (signature: Uint8Array) => Uint8Array
  readonly signer: Signer
}

export const validFromMs: number = Date.UTC(2026, 0, 1)
export const validToMs: number = Date.UTC(2036, 0, 1)

const ecdsaWithSha256 = der.sequence(der.oid('1.2.840.10045.4.3.2'))
const rsaWithSha256 = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nothing)

export async function makeSigner(
  kind: 'P-256' | 'P-384' | 'P-521' | { modulusLength: number; exponent: readonly number[] },
): Promise<Signer> {
  const algorithm = typeof kind === 'string' ? 'ECDSA' : 'RSASSA-PKCS1-v1_5'
  const parameters =
    typeof kind === 'string'
      ? { name: algorithm, namedCurve: kind }
      : {
          name: algorithm,
          hash: 'SHA-256',
          modulusLength: kind.modulusLength,
          publicExponent: Uint8Array.from(kind.exponent),
        }
  const keys = (await webcrypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair
  return { algorithm, keys, spki: new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey)) }
}

export async function makeCertificate(template: Template): Promise<Uint8Array> {
  const { signer } = template
  const algorithm = template.innerAlgorithm ?? (signer.algorithm === 'ECDSA' ? ecdsaWithSha256 : rsaWithSha256)
  const body = der.sequence(
    template.version ?? der.explicit(0, der.integer(2)),
    template.serial ?? der.integer(4711),
    algorithm,
    template.issuer,
    der.sequence(template.notBefore ?? der.time(validFromMs), template.notAfter ?? der.time(validToMs)),
    template.subject,
    template.spki,
    template.uniqueId ?? new Uint8Array(),
    der.explicit(3, der.sequence(...template.extensions)),
  )
  const signature = await sign(signer, body)
  return der.sequence(
    body,
    template.outerAlgorithm ?? algorithm,
    der.bitString(template.changeSignature?.(signature) ?? signature),
  )
}

async function sign({ algorithm, keys }: Signer, body: Uint8Array): Promise<Uint8Array> {
  const raw = new Uint8Array(
    await webcrypto.subtle.sign({ name: algorithm, hash: 'SHA-256' }, keys.privateKey, concat(body)),
  )
  if (algorithm !== 'ECDSA') return raw
  return der.sequence(unsigned(raw.subarray(0, raw.length / 2)), unsigned(raw.subarray(raw.length / 2)))
}

function unsigned(bytes: Uint8Array): Uint8Array {
  const magnitude = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return der.tlv(0x02, Uint8Array.from((magnitude[0] as number) >= 0x80 ? [0] : []), magnitude)
}

export function name(commonName: string): Uint8Array {
  return der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.utf8String(commonName))))
}

export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return der.sequence(der.oid(id), ...(critical ? [der.yes] : []), der.octetString(value))
}

export const basicConstraints = (ca: boolean, pathLength?: number): Uint8Array =>
  extension(
    '2.5.29.19',
    der.sequence(...(ca ? [der.yes] : []), ...(pathLength === undefined ? [] : [der.integer(pathLength)])),
    true,
  )

export const keyUsage = (...bits: readonly number[]): Uint8Array => extension('2.5.29.15', der.namedBits(...bits), true)

export const extKeyUsage = (...purposes: readonly string[]): Uint8Array =>
  extension('2.5.29.37', der.sequence(...purposes.map(der.oid)))
