import { concat, toBigInt } from '../bytes.ts'
import { curves, isOnCurve } from '../curve.ts'
import { demand, Refusal } from '../refusal.ts'
import { hasRocaFingerprint } from '../rsa.ts'
import type { PublicKey } from '../tpm/public.ts'
import { type Der, integerOf, oidOf, readDer, tag } from './der.ts'
import { Fields } from './fields.ts'

const rsaEncryption = '1.2.840.113549.1.1.1'
const ecPublicKey = '1.2.840.10045.2.1'
const namedCurves: Readonly<Record<string, 'P-256' | 'P-384'>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
}

/** SubjectPublicKeyInfo, RFC 5280 §4.1.2.7, of a key that PROTOCOL.md §17.1 accepts. @throws {Refusal} with `code`, and with `syntax` where it is no such structure */
export function readSpki(value: Der, code: string, syntax: string = code): PublicKey {
  const fields = new Fields(value, tag.sequence, syntax)
  const algorithm = new Fields(fields.take(tag.sequence), tag.sequence, code)
  const key = fields.take(tag.bitString)
  fields.end()
  demand(key.content[0] === 0, syntax, 'a key with unused bits')
  const bytes = key.content.subarray(1)
  const oid = oidOf(algorithm.take(tag.oid))
  if (oid === rsaEncryption) {
    algorithm.take(tag.null)
    algorithm.end()
    return readRsaKey(bytes, code)
  }
  demand(oid === ecPublicKey, code, `a key of ${oid}`)
  const named = namedCurves[oidOf(algorithm.take(tag.oid))]
  const curve = curves.find(({ name }) => name === named)
  algorithm.end()
  if (curve === undefined) throw new Refusal(code, 'another curve')
  demand(bytes.length === 1 + 2 * curve.length && bytes[0] === 4, code, 'not an uncompressed point')
  const [x, y] = [bytes.subarray(1, 1 + curve.length), bytes.subarray(1 + curve.length)]
  demand(isOnCurve(curve, toBigInt(x), toBigInt(y)), code, 'a point that is not on its curve')
  return { kind: 'ecc', curve, x, y }
}

/** RSAPublicKey, RFC 8017 §A.1.1. */
function readRsaKey(bytes: Uint8Array, code: string): PublicKey {
  const fields = new Fields(readDer(bytes, code), tag.sequence, code)
  const [modulus, exponent] = [fields.take(tag.integer), fields.take(tag.integer)]
  fields.end()
  const n = integerOf(modulus)
  const bits = n > 0n ? n.toString(2).length : 0
  demand(bits >= 2048 && bits <= 4096 && n % 2n === 1n, code, `a modulus of ${bits} bits`)
  demand(!hasRocaFingerprint(n), code, 'made by the generator of CVE-2017-15361')
  demand(integerOf(exponent) === 65537n, code, 'another exponent')
  const magnitude = modulus.content[0] === 0 ? modulus.content.subarray(1) : modulus.content
  return { kind: 'rsa', modulus: concat(magnitude) }
}
