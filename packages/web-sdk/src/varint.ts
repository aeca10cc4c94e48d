import { type Bytes, concat } from './bytes.js'

/** A variable-length integer in its shortest form, RFC 9000 §16; up to 2^53-1. */
export function encodeVarint(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a varint')
  if (value < 2 ** 6) return Uint8Array.of(value)
  if (value < 2 ** 14) return Uint8Array.of(0x40 | (value >>> 8), value & 0xff)
  const encoded = new DataView(new ArrayBuffer(value < 2 ** 30 ? 4 : 8))
  if (value < 2 ** 30) encoded.setUint32(0, (0x80000000 | value) >>> 0)
  else encoded.setBigUint64(0, BigInt(value) | (0b11n << 62n))
  return new Uint8Array(encoded.buffer)
}

/** How many bytes the varint that begins with `first` has: 1, 2, 4 or 8. */
export function varintLength(first: number): number {
  return 1 << (first >>> 6)
}

/**
 * Reads a varint, in whatever form it has.
 *
 * @param bytes exactly the bytes that `varintLength` gave for the first of them
 * @returns its value; `Infinity` for one over 2^53-1, which exceeds every limit of this protocol
 */
export function decodeVarint(bytes: Uint8Array): number {
  let value = (bytes[0] ?? 0) & 0x3f
  for (let index = 1; index < bytes.length; index += 1) value = value * 256 + (bytes[index] ?? 0)
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY
}

export function lengthPrefixed(bytes: Uint8Array): Bytes {
  return concat(encodeVarint(bytes.length), bytes)
}
