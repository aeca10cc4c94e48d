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
import { type Answer, type Continuation, openAnswer } from './open-answer.js'
import { paddedLength } from './padding.js'

/** RFC 9458 §5.3. */
const keyProblem = 'https://iana.org/assignments/http-problem-types#ohttp-key'
/** What proxies answer in place of a gateway that is gone, and another gateway for an instance that it is not. */
const gone: ReadonlySet<number> = new Set([404, 502, 503, 504])
const maxProblemBytes = 4096
/** For a problem's few bytes behind its head. */
const problemTimeoutMs = 10_000

/** A request without an answer for so long may have lost its gateway: nothing else shows where the connection stays silent. */
const silenceMs = 30_000

/** Where encapsulated requests go, and what sends them. */
export interface Transport {
  endpoint: URL
  fetch: typeof globalThis.fetch
  /** Hears of a request that nothing has answered for `silenceMs`. It is not ended: a model may think for as long. */
  silent?: () => void
}

/**
 * An answer from inside the encapsulation; an unauthenticated sign that the gateway is gone (PROTOCOL.md §10.1); or nothing was
 * sent, because the time of the key ended before all was sealed, as where the machine slept.
 */
export type Outcome = Answer | { kind: 'sign'; error: BlindLlamaError } | { kind: 'key-expired' }

/** Seals `request` to the attested key, posts it once and opens the head of the answer (PROTOCOL.md §10). */
export async function attempt(
  request: InnerRequest,
  key: ChannelKey,
  transport: Transport,
  continuation: Continuation = {},
): Promise<Outcome> {
  const exchange = key.observe?.()
  const sealed = await seal(request, key, exchange)
  if (key.lifetime.remainingMs() === 0) return { kind: 'key-expired' }
  const outer = await post(new URL(`blindllama/v1/o/${key.instance}`, transport.endpoint), sealed, request, transport)
  if (outer instanceof BlindLlamaError) return { kind: 'sign', error: outer }
  if (outer.status !== 200) return refuse(outer, request.signal)
  if (mediaType(outer) !== 'message/ohttp-chunked-res') {
    discard(outer)
    throw new BlindLlamaError('channel.media_type', 'Something other than the service answered')
  }
  return openAnswer(outer, sealed.response, request.signal, exchange, continuation).catch(
    (error: BlindLlamaError): Outcome => {
      // Nothing of the answer was given out yet.
      if (error.code === 'channel.truncated') return { kind: 'sign', error }
      throw error
    },
  )
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
    ['date', new Date((request.date ??= Date.now() + clockOffsetMs)).toUTCString()] as const,
    ['idempotency-key', request.idempotencyKey] as const,
    ...(exchange?.fields ?? []),
  ]
  const head = encodeHead({ method, scheme: 'https', authority: 'ohttp.invalid', path, fields }, contentLength)
  const unpadded = head.length + contentLength + encodeTail().length
  const pieces = [head, content, encodeTail(paddedLength(unpadded) - unpadded)]
  exchange?.sent([head, content])
  return sealRequest(key, pieces, { signal: request.signal, onProgress: request.onProgress })
}

/** The outer answer, or why there is none. */
async function post(
  url: URL,
  { body }: SealedRequest,
  { signal }: InnerRequest,
  { fetch, silent }: Transport,
): Promise<Response | BlindLlamaError> {
  if (isOffline(url)) throw new BlindLlamaError('channel.unreachable', 'This device is offline: nothing was sent')
  const headers = { 'content-type': 'message/ohttp-chunked-req', incremental: '?1' }
  const timer = silent && setTimeout(silent, silenceMs)
  try {
    return await fetch(url, { ...outerRequest(), method: 'POST', headers, body, signal: signal ?? null })
  } catch (cause) {
    signal?.throwIfAborted()
    // The platform does not say how far the request got.
    return new BlindLlamaError('channel.unreachable', 'The connection failed before the answer', { cause })
  } finally {
    clearTimeout(timer)
    release(body)
  }
}

async function refuse(outer: Response, signal: AbortSignal | undefined): Promise<Outcome> {
  const { status } = outer
  let error = new BlindLlamaError(
    'channel.status',
    `The server in front of the gateway answered ${status} (not authenticated)`,
  )
  let sign = gone.has(status)
  if (mediaType(outer) === 'application/problem+json') {
    const read = (own: AbortSignal): Promise<Bytes | undefined> => readLimited(outer, maxProblemBytes, own)
    const problem = membersOf(await within(problemTimeoutMs, () => error, signal, read).catch(() => undefined))
    signal?.throwIfAborted()
    // A gateway that has no room is not gone: to attest anew would only add to its work.
    if (problem?.code === 'channel.busy') sign = false
    if (problem?.type === keyProblem) {
      sign = true
      error = new BlindLlamaError('channel.key_unknown', 'The gateway is said not to know the key (not authenticated)')
    }
  } else discard(outer)
  if (sign) return { kind: 'sign', error }
  throw error
}

function membersOf(problem: Uint8Array | undefined): { type?: unknown; code?: unknown } | null | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(problem)) as { type?: unknown } | null
  } catch {
    return undefined
  }
}
