import { concat, toBigInt } from './bytes.ts'
import { webcrypto } from './crypto.ts'

/** RFC 8032 §5.1: the field, the curve's d, and the order of the base point. */
const p = 2n ** 255n - 19n
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const order = 2n ** 252n + 27742317777372353535851937790883648493n

interface Point {
  readonly x: bigint
  readonly y: bigint
}

/**
 * Verifies strictly: canonical encodings of key, R and S, no point of small order. WebCrypto decides the equation, without
 * cofactor, and leaves the rest open (RFC 8032 §5.1.7 lets it).
 */
export async function verifyEd25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (signature.length !== 64 || !isEd25519Key(key)) return false
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  if (!isEd25519Key(r) || littleEndian(s) >= order) return false
  const algorithm = { name: 'EdDSA', namedCurve: 'Ed25519' }
  const imported = await webcrypto.subtle.importKey('raw', concat(key), algorithm, true, ['verify'])
  return webcrypto.subtle.verify(algorithm, imported, concat(signature), concat(message))
}

/** The one encoding of a point whose order is not small. */
export function isEd25519Key(bytes: Uint8Array): boolean {
  const point = decode(bytes)
  if (point === undefined) return false
  const eightfold = double(double(double(point)))
  return !(eightfold.x === 0n && eightfold.y === 1n)
}

/** RFC 8032 §5.1.3, and undefined for what is not canonical. */
function decode(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== 32) return undefined
  const encoded = littleEndian(bytes)
  const [sign, y] = [encoded >> 255n, encoded & (2n ** 255n - 1n)]
  if (y >= p) return undefined
  const square = mod((y * y - 1n) * inverse(d * y * y + 1n))
  const root = squareRoot(square)
  if (root === undefined || (root === 0n && sign === 1n)) return undefined
  return { x: (root & 1n) === sign ? root : p - root, y }
}

/** RFC 8032 §5.1.4, in affine coordinates: nothing here is secret or often. */
function double({ x, y }: Point): Point {
  const product = mod(d * x * x * y * y)
  return { x: mod(2n * x * y * inverse(1n + product)), y: mod((y * y + x * x) * inverse(1n - product)) }
}

/** p is 5 modulo 8. */
function squareRoot(square: bigint): bigint | undefined {
  const candidate = power(square, (p + 3n) / 8n)
  const other = mod(candidate * power(2n, (p - 1n) / 4n))
  return [candidate, other].find((root) => mod(root * root) === square)
}

function inverse(value: bigint): bigint {
  return power(mod(value), p - 2n)
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square, rest] = [1n, mod(base), exponent]
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square)
    square = mod(square * square)
  }
  return result
}

function mod(value: bigint): bigint {
  const rest = value % p
  return rest < 0n ? rest + p : rest
}

function littleEndian(bytes: Uint8Array): bigint {
  return toBigInt(bytes.toReversed())
}
