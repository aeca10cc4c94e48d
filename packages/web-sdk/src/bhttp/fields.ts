import { type Bytes, concat, utf8 } from '../bytes.js'
import { lengthPrefixed } from '../varint.js'

/** A field line: the name in lower case, the value as the characters of its bytes (ISO 8859-1), as `Headers` has them. */
export type Field = readonly [name: string, value: string]

/** RFC 9110 §5.1 in the lower case that RFC 9292 §3.6 asks for; without pseudo-fields. */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** Whatever could end a field line where the message is turned into HTTP/1.1 again, and what is not of ISO 8859-1. */
// oxlint-disable-next-line no-control-regex -- NUL is one of them.
const unfit = /[\0\r\n\u0100-\uffff]/

export function isValidField([name, value]: Field): boolean {
  return fieldName.test(name) && !unfit.test(value)
}

/** The lines of a known-length field section (RFC 9292 §3.6), without the section's length. */
export function encodeFieldLines(fields: readonly Field[]): Bytes {
  return concat(...fields.flatMap(([name, value]) => [lengthPrefixed(utf8(name)), lengthPrefixed(latin1(value))]))
}

export function decodeLatin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
