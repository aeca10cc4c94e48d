import { within } from '../abort.js'
import { encodeHead, encodeTail } from '../bhttp/encode-request.js'
import type { Bytes } from '../bytes.js'
import { isOffline } from '../environment.js'
import { BlindLlamaError } from '../errors.js'
import { type SealedRequest, lengthOf, release, sealRequest } from '../ohttp/seal-request.js'
import { discard, mediaType, outerRequest } from '../outer-fetch.js'
import { readLimited } from '../read-limited.js'
import type { ChannelKey } from './channel-key.js'
import type { InnerRequest } from './inner-request.js'
import type { ObservedExchange } from './observed.js'
import { type Answer, openAnswer } from './open-answer.js'
import { paddedLength } from './padding.js'

/** RFC 9458 §5.3. */
const keyProblem = 'https://iana.org/assignments/http-problem-types#ohttp-key'
const maxProblemBytes = 4096
/** For a problem's few bytes behind its head. */
const problemTimeoutMs = 10_000

/** Where encapsulated requests go, and what sends them. */
export interface Way {
  endpoint: URL
  fetch: typeof globalThis.fetch
}

/**
 * An answer from inside the encapsulation; the unauthenticated remark that the gateway does not know the key; or nothing was
 * sent, because the time of the key ended before all was sealed, as where the machine slept.
 */
export type Outcome = Answer | { kind: 'key-unknown' } | { kind: 'key-expired' }

/** Seals `request` to the attested key, posts it once and opens the head of the answer (PROTOCOL.md §10). */
export async function attempt(request: InnerRequest, key: ChannelKey, { endpoint, fetch }: Way): Promise<Outcome> {
  const exchange = key.observe?.()
  const sealed = await seal(request, key, exchange)
  if (key.lifetime.remainingMs() === 0) return { kind: 'key-expired' }
  const outer = await post(new URL(`blindllama/v1/o/${key.instance}`, endpoint), sealed, request, fetch)
  if (outer.status !== 200) return refuse(outer, request.signal)
  if (mediaType(outer) !== 'message/ohttp-chunked-res') {
    discard(outer)
    throw new BlindLlamaError('channel.media_type', 'Something other than the service answered')
  }
  return openAnswer(outer, sealed.response, request.signal, exchange)
}

async function seal(
  request: InnerRequest,
  { key, clockOffsetMs }: ChannelKey,
  exchange: ObservedExchange | undefined,
): Promise<SealedRequest> {
  const { method, path, content } = request
  const contentLength = lengthOf(content)
  const fields = [
    ...request.fields,
    ['date', new Date(Date.now() + clockOffsetMs).toUTCString()] as const,
    ['idempotency-key', request.idempotencyKey] as const,
    ...(exchange?.fields ?? []),
  ]
  const head = encodeHead({ method, scheme: 'https', authority: 'ohttp.invalid', path, fields }, contentLength)
  const unpadded = head.length + contentLength + encodeTail().length
  const pieces = [head, content, encodeTail(paddedLength(unpadded) - unpadded)]
  exchange?.sent([head, content])
  return sealRequest(key, pieces, { signal: request.signal, onProgress: request.onProgress })
}

async function post(
  url: URL,
  { body }: SealedRequest,
  { method, signal }: InnerRequest,
  fetch: Way['fetch'],
): Promise<Response> {
  if (isOffline(url)) throw new BlindLlamaError('channel.unreachable', 'This device is offline: nothing was sent')
  const headers = { 'content-type': 'message/ohttp-chunked-req', incremental: '?1' }
  try {
    return await fetch(url, { ...outerRequest, method: 'POST', headers, body, signal: signal ?? null })
  } catch (cause) {
    signal?.throwIfAborted()
    // The platform does not say how far a request got that failed; one that only reads may be sent again by anybody.
    if (method === 'GET' || method === 'HEAD')
      throw new BlindLlamaError('channel.unreachable', 'The service could not be reached', { cause })
    throw new BlindLlamaError('request.unknown_fate', 'The connection failed before the answer', { cause })
  } finally {
    release(body)
  }
}

async function refuse(outer: Response, signal: AbortSignal | undefined): Promise<Outcome> {
  const refusal = new BlindLlamaError(
    'channel.status',
    `The server in front of the gateway answered ${outer.status} (not authenticated)`,
  )
  if (mediaType(outer) === 'application/problem+json') {
    const read = (own: AbortSignal): Promise<Bytes | undefined> => readLimited(outer, maxProblemBytes, own)
    const problem = await within(problemTimeoutMs, () => refusal, signal, read).catch(() => undefined)
    signal?.throwIfAborted()
    if (problem && problemType(problem) === keyProblem) return { kind: 'key-unknown' }
  } else discard(outer)
  throw refusal
}

function problemType(problem: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(problem)) as { type?: unknown } | null)?.type
  } catch {
    return undefined
  }
}
