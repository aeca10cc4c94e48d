import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, hex } from '../src/bytes.js'
import { decodeVarint, encodeVarint, varintLength } from '../src/varint.js'

test.each([
  ['c2197c5eff14e88c', 151_288_809_941_952_652n],
  ['9d7f3e7d', 494_878_333n],
  ['7bbd', 15_293n],
  ['25', 37n],
  ['4025', 37n],
])('decodes %s, an example of RFC 9000 appendix A.1', (encoded, value) => {
  const bytes = fromHex(encoded)
  expect(varintLength(bytes[0] ?? 0)).toBe(bytes.length)
  // A number over 2^53-1 exceeds every limit of the protocol, whatever it is.
  const expected = value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value)
  expect(decodeVarint(bytes)).toBe(expected)
})

test.each([
  [0, '00'],
  [63, '3f'],
  [64, '4040'],
  [16_383, '7fff'],
  [16_384, '80004000'],
  [2 ** 30 - 1, 'bfffffff'],
  [2 ** 30, 'c000000040000000'],
  [Number.MAX_SAFE_INTEGER, 'c01fffffffffffff'],
])('encodes %i in its shortest form', (value, encoded) => {
  expect(hex(encodeVarint(value))).toBe(encoded)
})

test('reads what it writes', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => decodeVarint(encodeVarint(value)) === value))
})

test.each([-1, 0.5, 2 ** 53, Number.NaN])('does not encode %d', (value) => {
  expect(() => encodeVarint(value)).toThrow(RangeError)
})
