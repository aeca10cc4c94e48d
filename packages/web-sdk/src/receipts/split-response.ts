import type { Field } from '../bhttp/fields.js'
import type { Bytes } from '../bytes.js'
import { Reader } from './reader.js'

/** RFC 9292 §3.3, Figure 3. */
const indeterminateLengthResponse = 3

/** A response as its receipt has it (PROTOCOL.md §21). */
export interface SplitResponse {
  /** From its first byte up to the content's terminator. */
  signed: Bytes
  trailers: Field[]
}

/**
 * Splits a response of indeterminate length (RFC 9292 §3.2) behind its content.
 *
 * @returns `undefined` for what is not such a response, as it ends too early or has a known length
 */
export function splitResponse(response: Bytes): SplitResponse | undefined {
  const reader = new Reader(response)
  if (reader.varint() !== indeterminateLengthResponse) return undefined
  do {
    const status = reader.varint()
    reader.fields()
    if (status >= 200) break
  } while (!reader.over)
  while (reader.prefixed().length > 0);
  const signed = response.subarray(0, reader.at)
  const trailers = reader.fields()
  return reader.over ? undefined : { signed, trailers }
}
