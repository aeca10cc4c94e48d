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

const again = (sentence: string): Words => ({ sentence, remedy: 'again' })
const verify = (sentence: string): Words => ({ sentence, remedy: 'verify' })
const none = (sentence: string): Words => ({ sentence, remedy: 'none' })

const BY_CODE: Record<string, Words> = {
  'answer.unfinished': again(
    'The model stopped before it had finished. What you see arrived unaltered, but it may not be everything.',
  ),
  'channel.truncated': again(
    'The connection ended before the authenticated end of the answer. What you see is genuine, but it may not be everything.',
  ),
  'channel.unreachable': again('The service could not be reached. Your question was not sent.'),
  'channel.busy': again('The service is busy. Wait a moment, then ask again.'),
  'channel.key_unknown': verify(
    'The service no longer holds the key that was verified, so it could not read the question.',
  ),
  'channel.replayed': again('The service has seen this very request before and did not run it again.'),
  'client.closed': verify('The verified connection was closed.'),
  'client.environment': none('This browser lacks something that the encryption needs. Nothing was sent.'),
  'request.unknown_fate': again(
    'The connection ended before an answer came: nobody knows whether the question was run. Asking again asks a second time.',
  ),
  'request.duplicate': again('The service has run this very request before and did not run it again.'),
  'request.too_large': none('This conversation is longer than the service accepts. Start a new chat.'),
  'request.upstream_unreachable': again('The model could not be reached, so the question was not run.'),
  'request.upstream_timeout': again('The model took too long.'),
  'request.upstream_broken': again('The model broke off.'),
  'http.400': none(
    'The model refused the request. The conversation may be longer than it can read: shorten the question, or start a new chat.',
  ),
  'http.429': again('The model is busy. Wait a moment, then ask again.'),
  'http.503': again('The model is busy. Wait a moment, then ask again.'),
}

const BY_LAYER: Record<string, Words> = {
  channel: again('The encrypted channel reported an error, so whatever followed was discarded.'),
  request: again('The service refused this request.'),
  evidence: verify('The service could not be asked for evidence. Nothing was sent.'),
  wasm: verify('The verifier could not be started in this browser. Nothing was sent.'),
  gateway: again('The service reported an error of its own.'),
  http: again('The model server reported an error.'),
}

/** The layers of the verifier: whatever they refuse, nothing was encrypted to the service. */
const NOT_VERIFIED: Words = verify('The service could not be verified. Nothing was sent.')

export function explain(error: unknown): Failure {
  const code = codeOf(error)
  const layer = code.slice(0, code.indexOf('.'))
  const words = BY_CODE[code] ?? BY_LAYER[layer]
  if (words !== undefined) return { code, ...words }
  if (code === 'unknown') return { code, ...again('Something unexpected went wrong.') }
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
