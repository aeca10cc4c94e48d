import { BlindLlamaError } from '@blindllama/web-sdk'
import { APIError } from 'openai'

/** What went wrong, in words for the person who asked. */
export interface Failure {
  /** The stable code: of the SDK, of the gateway, or `http.<status>` of the model server. */
  readonly code: string
  readonly sentence: string
  /** What helps: asking again, verifying anew, or nothing that a click could do. */
  readonly remedy: 'again' | 'verify' | 'none'
}

type Words = Omit<Failure, 'code'>

const BY_CODE: Record<string, Words> = {
  'answer.unfinished': {
    sentence: 'The model stopped before it had finished. What you see arrived unaltered, but it may not be everything.',
    remedy: 'again',
  },
  'channel.truncated': {
    sentence:
      'The connection ended before the authenticated end of the answer. What you see is genuine, but it may not be everything.',
    remedy: 'again',
  },
  'channel.replayed': {
    sentence: 'The service has seen this very request before and did not run it again.',
    remedy: 'again',
  },
  'client.closed': { sentence: 'The verified connection was closed.', remedy: 'verify' },
  'http.429': { sentence: 'The model is busy. Wait a moment, then ask again.', remedy: 'again' },
  'http.400': {
    sentence: 'The model refused the request. A long conversation can exceed what it can read: start a new chat.',
    remedy: 'none',
  },
}

const BY_LAYER: Record<string, Words> = {
  channel: {
    sentence: 'The encrypted channel reported an error, so the rest of the answer was discarded.',
    remedy: 'again',
  },
  request: { sentence: 'The service did not run this request.', remedy: 'again' },
  evidence: { sentence: 'The service could not be asked for evidence. Nothing was sent.', remedy: 'verify' },
  wasm: { sentence: 'The verifier could not be started in this browser. Nothing was sent.', remedy: 'verify' },
  gateway: { sentence: 'The service reported an error of its own.', remedy: 'again' },
  http: { sentence: 'The model server reported an error.', remedy: 'again' },
}

/** The layers of the verifier: whatever they refuse, nothing was encrypted to the service. */
const NOT_VERIFIED: Words = { sentence: 'The service could not be verified. Nothing was sent.', remedy: 'verify' }

export function explain(error: unknown): Failure {
  const code = codeOf(error)
  const layer = code.slice(0, code.indexOf('.'))
  const words = BY_CODE[code] ?? BY_LAYER[layer]
  if (words !== undefined) return { code, ...words }
  if (code === 'unknown') return { code, sentence: 'Something unexpected went wrong.', remedy: 'again' }
  return { code, ...NOT_VERIFIED }
}

/** The verifier's or the SDK's own sentence, without the code that messages end with: the code is shown beside it. */
export function reasonOf(error: BlindLlamaError): string {
  return error.verdict?.detail ?? error.message.replace(` (${error.code})`, '')
}

/** `openai` wraps what its `fetch` throws; the reason is found along `cause`. */
export function codeOf(error: unknown): string {
  for (let each: unknown = error, depth = 0; each !== undefined && depth < 8; depth += 1) {
    if (BlindLlamaError.isInstance(each)) return each.code
    if (each instanceof APIError && each.status !== undefined) {
      return each.headers?.get('blindllama-code') ?? `http.${each.status}`
    }
    if (!(each instanceof Error)) break
    if (each.cause === undefined && 'code' in each && typeof each.code === 'string') return each.code
    each = each.cause
  }
  return 'unknown'
}
