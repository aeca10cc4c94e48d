import type { Bytes } from '../bytes.js'
import { Reader } from './reader.js'

/**
 * Fields that say nothing of who asks, as `fetch`, this SDK and `openai` send them. All others may hold a secret: there is no
 * end of names for those.
 */
const harmless = new RegExp(
  '^(?:accept(?:-language)?|content-(?:type|language|encoding)|user-agent|date|idempotency-key|blindllama-receipt|' +
    'x-stainless-(?:lang|package-version|os|arch|runtime|runtime-version|retry-count|timeout|helper-method|poll-helper|custom-poll-interval))$',
)

/**
 * What in `request` (known-length, RFC 9292 §3.1) may show who asks, beside its content: the names of its fields, as
 * `authorization`, and the names of the parameters of its query behind a question mark, as `?key`.
 */
export function credentialsIn(request: Bytes): string[] {
  const reader = new Reader(request)
  reader.varint()
  // Method, scheme, authority and path, RFC 9292 §3.4.
  for (let control = 0; control < 3; control += 1) reader.prefixed()
  const path = new TextDecoder().decode(reader.prefixed())
  const query = new URLSearchParams(path.replace(/^[^?]*/, ''))
  const fields = new Reader(reader.prefixed()).fields()
  const names = fields.map(([name]) => name).filter((name) => !harmless.test(name))
  return [...new Set([...names, ...Array.from(query.keys(), (name) => `?${name}`)])]
}
