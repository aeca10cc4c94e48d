import { toBigInt } from '../bytes.ts'
import { digestLength, type Hash } from '../crypto.ts'
import { demand, Refusal } from '../refusal.ts'
import { hasRocaFingerprint } from '../rsa.ts'
import { type Curve, curves, isOnCurve } from '../curve.ts'
import { algorithm, hashOfAlgorithm } from './algorithm.ts'
import { TpmReader } from './reader.ts'

/** The numbers of a key; a modulus and coordinates are as long as they are on the wire. */
export type PublicKey =
  | { readonly kind: 'rsa'; readonly modulus: Uint8Array }
  | { readonly kind: 'ecc'; readonly curve: Curve; readonly x: Uint8Array; readonly y: Uint8Array }

/** The fixed signing scheme of a key: TPM_ALG_ID and hash. */
export interface Scheme {
  readonly id: number
  readonly hash: Hash
}

/** TPMT_PUBLIC of an attestation key, TPM 2.0 Part 2 §12.2.4. */
export interface AkPublic {
  readonly bytes: Uint8Array
  readonly nameAlg: number
  readonly nameHash: Hash
  readonly attributes: number
  readonly scheme: Scheme
  readonly key: PublicKey
}

const syntax = 'ak.syntax'

/**
 * Decodes a TPMT_PUBLIC with the algorithms of PROTOCOL.md §6. Attributes are judged elsewhere.
 *
 * @throws {Refusal} ak.syntax, ak.algorithm, ak.modulus, ak.point
 */
export function readAkPublic(bytes: Uint8Array): AkPublic {
  const reader = new TpmReader(bytes, syntax)
  const type = reader.uint16()
  const nameAlg = reader.uint16()
  const nameHash = hashOfAlgorithm(nameAlg)
  allow(nameHash !== undefined, 'nameAlg', nameAlg)
  const attributes = reader.uint32()
  const authPolicy = reader.sized(64)
  demand(authPolicy.length === 0 || authPolicy.length === digestLength[nameHash], syntax, 'length of authPolicy')
  allow(type === algorithm.rsa || type === algorithm.ecc, 'type', type)
  const symmetric = reader.uint16()
  allow(symmetric === algorithm.null, 'symmetric', symmetric)
  const { scheme, key } = type === algorithm.rsa ? readRsa(reader) : readEcc(reader)
  reader.end()
  return { bytes, nameAlg, nameHash, attributes, scheme, key }
}

/** TPMS_RSA_PARMS (§12.2.3.5) and TPM2B_PUBLIC_KEY_RSA (§11.2.4.5). */
function readRsa(reader: TpmReader): Pick<AkPublic, 'scheme' | 'key'> {
  const scheme = readScheme(reader, [algorithm.rsassa, algorithm.rsapss])
  const keyBits = reader.uint16()
  const exponent = reader.uint32()
  allow(exponent === 0, 'exponent', exponent)
  const modulus = reader.sized(512 + 2)
  demand(modulus.length * 8 === keyBits, syntax, 'keyBits are not those of the modulus')
  const inRange = keyBits >= 2048 && keyBits <= 4096
  demand(inRange && (modulus.at(-1) ?? 0) % 2 === 1, 'ak.modulus', `${keyBits} bits`)
  demand((modulus[0] as number) >= 0x80, 'ak.modulus', 'the first bit is clear')
  demand(!hasRocaFingerprint(toBigInt(modulus)), 'ak.modulus', 'made by the generator of CVE-2017-15361')
  return { scheme, key: { kind: 'rsa', modulus } }
}

/** TPMS_ECC_PARMS (§12.2.3.6) and TPMS_ECC_POINT (§11.2.5.2). */
function readEcc(reader: TpmReader): Pick<AkPublic, 'scheme' | 'key'> {
  const scheme = readScheme(reader, [algorithm.ecdsa])
  const curveId = reader.uint16()
  const curve = curves.find(({ tpmId }) => tpmId === curveId)
  allow(curve !== undefined, 'curve', curveId)
  const kdf = reader.uint16()
  allow(kdf === algorithm.null, 'kdf', kdf)
  const [x, y] = [reader.sized(128), reader.sized(128)]
  demand(x.length === curve.length && y.length === curve.length, syntax, 'length of a coordinate')
  demand(isOnCurve(curve, toBigInt(x), toBigInt(y)), 'ak.point', 'not on the curve')
  return { scheme, key: { kind: 'ecc', curve, x, y } }
}

function readScheme(reader: TpmReader, ids: readonly number[]): Scheme {
  const id = reader.uint16()
  allow(ids.includes(id), 'scheme', id)
  const hash = hashOfAlgorithm(reader.uint16())
  if (hash === undefined) throw new Refusal('ak.algorithm', 'hash of the scheme')
  return { id, hash }
}

function allow(condition: boolean, member: string, value: number): asserts condition {
  demand(condition, 'ak.algorithm', `${member} is 0x${value.toString(16)}`)
}
