import { base64url } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { type Field, isValidField } from '../bhttp/fields.js'
import type { Piece } from '../ohttp/seal-request.js'
import { readBody } from './body.js'

/** A request as the gateway will see it, whole: it can be sealed again if the gateway did not open it. */
export interface InnerRequest {
  method: string
  /** In origin form, relative to the service. */
  path: string
  /** Without `date` and `idempotency-key`. */
  fields: readonly Field[]
  /** 22 to 64 characters of base64url; the same for every attempt. */
  idempotencyKey: string
  /**
   * The service's time, milliseconds since 1970, when it was first sealed under this idempotency key. Attempts after that may be run
   * already keep it: the gateway knows a key again as long as it takes the date (PROTOCOL.md §11).
   */
  date?: number | undefined
  /** The caller chose the idempotency key. */
  keyIsCallers: boolean
  content: Piece
  signal: AbortSignal | undefined
  /** Hears how much of the message is sealed, in bytes, while it is sealed. */
  onProgress?: (sealed: number, total: number) => void
}

/** Hop by hop (RFC 9110 §7.6.1), made by the channel, or not the service's business (PROTOCOL.md §11). */
const dropped: ReadonlySet<string> = new Set(
  (
    'connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade ' +
    'host content-length expect date idempotency-key accept-encoding cookie origin referer forwarded'
  ).split(' '),
)

/** Those that `fetch` writes in capitals, https://fetch.spec.whatwg.org/#concept-method-normalize */
const normalised = /^(?:delete|get|head|options|post|put)$/i
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const idempotencyKeyForm = /^[A-Za-z0-9_-]{22,64}$/

/**
 * What `fetch(input, init)` would send, read the way `fetch` reads it.
 *
 * @param base of the service; what is not under it is not sent
 * @param endpoint where the protocol's own endpoints are, beside those of the service
 * @throws {BlindLlamaError} `client.destination`, `client.own_endpoint`, `request.field`, `request.body`,
 *   `request.idempotency_key`; the reason of the caller's signal
 */
export async function readRequest(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  base: URL,
  endpoint: URL = base,
): Promise<InnerRequest> {
  const request = typeof input === 'object' && 'url' in input ? input : undefined
  const signal = init?.signal ?? request?.signal ?? undefined
  signal?.throwIfAborted()
  const url = urlOf(request?.url ?? String(input))
  // A page may put this `fetch` in place of the platform's: an attestation that waits for itself would never end.
  if ([base, endpoint].some((at) => url.href.startsWith(`${at.href}blindllama/v1/`)))
    throw new BlindLlamaError('client.own_endpoint', 'The channel does not carry the protocol itself')
  // First: whoever hears of another failure reads them again, and the platform's own error quotes them.
  const headers = headersOf(init?.headers ?? request?.headers)
  const path = pathUnder(base, url)
  const method = methodOf(init?.method ?? request?.method ?? 'GET')
  const withoutBody = method === 'GET' || method === 'HEAD'
  // In Firefox a Request does not tell whether it has a body: `undefined` stands for one that may be empty.
  const inherited = withoutBody || request?.body === null ? request?.body : request
  const body = init?.body ?? inherited ?? undefined
  if (withoutBody && body !== undefined) throw new BlindLlamaError('request.body', `A ${method} request has no body`)
  const { content, type } = await readBody(body, signal)
  if (type !== '' && !headers.has('content-type')) headers.set('content-type', type)
  const idempotencyKey = headers.get('idempotency-key') ?? randomKey()
  if (!idempotencyKeyForm.test(idempotencyKey))
    throw new BlindLlamaError('request.idempotency_key', 'An idempotency key has 22 to 64 characters of base64url')
  const keyIsCallers = headers.has('idempotency-key')
  return { method, path, fields: fieldsOf(headers), idempotencyKey, keyIsCallers, content, signal }
}

function urlOf(address: string): URL {
  try {
    return new URL(address, globalThis.location?.href)
  } catch (cause) {
    throw new BlindLlamaError('client.destination', 'The request needs an absolute URL', { cause })
  }
}

function pathUnder(base: URL, url: URL): string {
  if (url.origin !== base.origin || url.username || url.password || !url.pathname.startsWith(base.pathname))
    throw new BlindLlamaError('client.destination', `The request is not addressed to the base URL at ${base.origin}`)
  return `/${url.pathname.slice(base.pathname.length)}${url.search}`
}

function methodOf(method: string): string {
  if (!token.test(method)) throw new BlindLlamaError('request.field', 'The method is not one of HTTP')
  return normalised.test(method) ? method.toUpperCase() : method
}

function headersOf(init: HeadersInit | undefined): Headers {
  try {
    return new Headers(init)
  } catch (cause) {
    throw new BlindLlamaError('request.field', 'A header field is malformed', { cause })
  }
}

function fieldsOf(headers: Headers): Field[] {
  const hops = new Set((headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const fields: Field[] = [...headers].filter(
    ([name]) => !dropped.has(name) && !hops.has(name) && !name.startsWith('x-forwarded-') && !name.startsWith('sec-'),
  )
  // Not told by name: an application may have put a secret there.
  if (!fields.every(isValidField)) throw new BlindLlamaError('request.field', 'A header field cannot be sent')
  return fields
}

/** A fresh idempotency key. */
export function randomKey(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(24)))
}
