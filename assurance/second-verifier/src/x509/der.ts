import { equal, toBigInt, utf8 } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'

/** One DER value, X.690 §8: `bytes` with its header, `children` where it is constructed. */
export interface Der {
  /** The identifier octet. */
  readonly tag: number
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  readonly children: readonly Der[]
}

/** Identifier octets, X.680 §8.4. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** A context-specific tag: constructed where it is EXPLICIT or holds a structure. */
export function context(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

const maxBytes = 64 << 10
const maxLevels = 16
/** Universal types that certificates may have, PROTOCOL.md §17.1: the constructed ones, and beside them strings and times above 17. */
const constructedTypes: ReadonlySet<number> = new Set([16, 17])
const primitiveTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 10, 12])

/** Reads exactly one value, in the one encoding of X.690 §8, §10 and §11. @throws {Refusal} with `code` */
export function readDer(bytes: Uint8Array, code: string): Der {
  demand(bytes.length < maxBytes, code, `${bytes.length} bytes`)
  const value = readValue(bytes, 0, code)
  demand(value.bytes.length === bytes.length, code, 'bytes after the value')
  return value
}

/** Length of the value that `bytes` begin with; undefined where there is none. */
export function lengthOfFirst(bytes: Uint8Array): number | undefined {
  try {
    const { start, length } = readHeader(bytes, '')
    return start + length
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

function readHeader(bytes: Uint8Array, code: string): { start: number; length: number } {
  const [identifier, first] = bytes
  demand(identifier !== undefined && first !== undefined, code, 'a header is cut off')
  demand((identifier & 0x1f) !== 0x1f, code, 'a tag number above 30')
  if (first < 0x80) return { start: 2, length: first }
  const octets = bytes.subarray(2, 2 + (first & 0x7f))
  demand(
    first > 0x80 && first <= 0x84 && octets.length === (first & 0x7f),
    code,
    'an indefinite length, or too long a one',
  )
  const length = Number(toBigInt(octets))
  demand(octets[0] !== 0 && length >= 0x80, code, 'a length that is not minimal')
  return { start: 2 + octets.length, length }
}

/** `level`: how many constructed values are open around it. */
function readValue(bytes: Uint8Array, level: number, code: string): Der {
  const { start, length } = readHeader(bytes, code)
  demand(length <= bytes.length - start, code, 'a value is cut off')
  const identifier = bytes[0] as number
  const content = bytes.subarray(start, start + length)
  const isConstructed = (identifier & 0x20) !== 0
  demand(isAllowed(identifier, isConstructed), code, `the tag 0x${identifier.toString(16)}`)
  demand(!isConstructed || level < maxLevels, code, 'nesting deeper than 16')
  const children = isConstructed ? readAll(content, level + 1, code) : []
  if (identifier < 0x40) checkUniversal(identifier, content, children, code)
  return { tag: identifier, bytes: bytes.subarray(0, start + length), content, children }
}

function isAllowed(identifier: number, isConstructed: boolean): boolean {
  const [isUniversal, isContextSpecific] = [identifier < 0x40, identifier >> 6 === 2]
  const type = identifier & 0x1f
  if (!isUniversal || isConstructed) return isContextSpecific || (isUniversal && constructedTypes.has(type))
  return primitiveTypes.has(type) || type > 17
}

function readAll(content: Uint8Array, level: number, code: string): Der[] {
  const values: Der[] = []
  for (let offset = 0; offset < content.length;) {
    const value = readValue(content.subarray(offset), level, code)
    values.push(value)
    offset += value.bytes.length
  }
  return values
}

function checkUniversal(identifier: number, content: Uint8Array, children: readonly Der[], code: string): void {
  const [first = 0, second = 0] = content
  switch (identifier) {
    case tag.boolean:
      demand(content.length === 1 && (first === 0 || first === 0xff), code, 'a BOOLEAN that is neither 00 nor ff')
      break
    case tag.integer:
    case tag.enumerated:
      demand(
        content.length > 0 && !isPadded(content.length, first, second),
        code,
        'an INTEGER or ENUMERATED that is not minimal',
      )
      break
    case tag.bitString:
      demand(
        content.length > 0 && first < 8 && (content.length > 1 || first === 0),
        code,
        'a BIT STRING without its bits',
      )
      demand(
        ((content.at(-1) as number) & ((1 << first) - 1)) === 0 || content.length === 1,
        code,
        'unused bits that are set',
      )
      break
    case tag.null:
      demand(content.length === 0, code, 'a NULL with content')
      break
    case tag.oid:
      demand(isOid(content), code, 'an OBJECT IDENTIFIER that is not minimal')
      break
    case tag.utf8String:
      demand(isUtf8(content), code, 'a UTF8String that is none')
      break
    case tag.set:
      demand(
        children.every(
          (child, index) => index === 0 || compare(children[index - 1]?.bytes ?? child.bytes, child.bytes) <= 0,
        ),
        code,
        'a SET OF out of order',
      )
      break
    default:
  }
}

function isUtf8(content: Uint8Array): boolean {
  return equal(utf8(Buffer.from(content).toString('utf8')), content)
}

function isPadded(length: number, first: number, second: number): boolean {
  return length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
}

/** Every subidentifier begins with another octet than 80 and ends (X.690 §8.19). */
function isOid(content: Uint8Array): boolean {
  const starts = content.every(
    (octet, index) => octet !== 0x80 || (index > 0 && (content[index - 1] as number) >= 0x80),
  )
  return content.length > 0 && starts && (content.at(-1) as number) < 0x80
}

/** X.690 §11.6: as if the shorter one were padded with zeros. */
function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

/** Dotted decimal, X.690 §8.19. */
export function oidOf({ content }: Der): string {
  const parts: bigint[] = []
  let value = 0n
  for (const octet of content) {
    value = (value << 7n) | BigInt(octet & 0x7f)
    if (octet < 0x80) {
      parts.push(value)
      value = 0n
    }
  }
  const [first = 0n, ...rest] = parts
  const arc = first < 80n ? first / 40n : 2n
  return [arc, first - arc * 40n, ...rest].join('.')
}

/** Two's complement, X.690 §8.3. */
export function integerOf({ content }: Der): bigint {
  const value = toBigInt(content)
  return (content[0] ?? 0) >= 0x80 ? value - (1n << BigInt(8 * content.length)) : value
}

export function sameDer(a: Der, b: Der): boolean {
  return equal(a.bytes, b.bytes)
}
