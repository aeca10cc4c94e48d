import { bigEndian, concat, utf8 } from '../../../../second-verifier/src/bytes.ts'

/** Writes DER (X.690 §8), and with `tlv` also what is none. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents)
  const { length } = content
  const octets = [1, 2, 3, 4].find((count) => length < 256 ** count) ?? 4
  const header =
    length < 0x80 ? Uint8Array.of(tag, length) : concat(Uint8Array.of(tag, 0x80 | octets), bigEndian(length, octets))
  return concat(header, content)
}

export const sequence = (...members: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...members)
export const setOf = (...members: readonly Uint8Array[]): Uint8Array => tlv(0x31, ...members.toSorted(Buffer.compare))
export const explicit = (number: number, value: Uint8Array): Uint8Array => tlv(0xa0 | number, value)
export const octetString = (value: Uint8Array): Uint8Array => tlv(0x04, value)
export const utf8String = (text: string): Uint8Array => tlv(0x0c, utf8(text))
export const yes: Uint8Array = tlv(0x01, Uint8Array.of(0xff))
export const no: Uint8Array = tlv(0x01, Uint8Array.of(0))
export const nothing: Uint8Array = tlv(0x05)

export function integer(value: number): Uint8Array {
  const bytes = bigEndian(value, 5)
  const first = bytes.findIndex((byte, index) => byte !== 0 || index === bytes.length - 1)
  const start = (bytes[first] as number) >= 0x80 ? first - 1 : first
  return tlv(0x02, bytes.subarray(start))
}

export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return tlv(0x03, Uint8Array.of(unused), bytes)
}

/** Named bits by their number, without trailing zeros. */
export function namedBits(...bits: readonly number[]): Uint8Array {
  const last = Math.max(...bits)
  const bytes = new Uint8Array((last >> 3) + 1)
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (0x80 >> (bit & 7))
  return bitString(bytes, 7 - (last & 7))
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tlv(0x06, ...[first * 40 + second, ...rest].map(base128))
}

function base128(value: number): Uint8Array {
  const digits = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80)
  return Uint8Array.from(digits)
}

/** UTCTime through 2049, GeneralizedTime afterwards: RFC 5280 §4.1.2.5. */
export function time(milliseconds: number): Uint8Array {
  const text = `${new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`
  return text < '2050' ? utcTime(text.slice(2)) : generalizedTime(text)
}

export const utcTime = (text: string): Uint8Array => tlv(0x17, utf8(text))
export const generalizedTime = (text: string): Uint8Array => tlv(0x18, utf8(text))
