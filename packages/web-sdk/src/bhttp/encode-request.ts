import { type Bytes, concat, utf8 } from '../bytes.js'
import { type Field, encodeFieldLines } from './fields.js'
import { encodeVarint, lengthPrefixed } from '../varint.js'

/** RFC 9292 §3.3, Figure 3. */
const knownLengthRequest = 0

/** The control data of a request, RFC 9292 §3.4, and its header fields. */
export interface RequestHead {
  method: string
  scheme: string
  authority: string
  /** In origin form. */
  path: string
  fields: readonly Field[]
}

/**
 * A known-length request (RFC 9292 §3.1) up to where its content begins. The content follows, then `encodeTail`.
 *
 * @param contentLength of the content, in bytes
 */
export function encodeHead(head: RequestHead, contentLength: number): Bytes {
  const { method, scheme, authority, path, fields } = head
  return concat(
    encodeVarint(knownLengthRequest),
    ...[method, scheme, authority, path].map((text) => lengthPrefixed(utf8(text))),
    lengthPrefixed(encodeFieldLines(fields)),
    encodeVarint(contentLength),
  )
}

/** What follows the content: no trailers, then `padding` zero bytes (RFC 9292 §3.8). */
export function encodeTail(padding = 0): Bytes {
  return new Uint8Array(1 + padding)
}
