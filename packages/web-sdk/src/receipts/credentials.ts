import type { Bytes } from '../bytes.js'
import { Reader } from './reader.js'

const secret = /^(?:authorization|.*(?:api-?key|token|secret).*)$/

/** The names of the fields by which `request` (known-length, RFC 9292 §3.1) shows who may ask, as `authorization`. */
export function credentialsIn(request: Bytes): string[] {
  const reader = new Reader(request)
  reader.varint()
  // Method, scheme, authority and path, RFC 9292 §3.4.
  for (let control = 0; control < 4; control += 1) reader.prefixed()
  const fields = new Reader(reader.prefixed()).fields()
  return [...new Set(fields.map(([name]) => name).filter((name) => secret.test(name)))]
}
