import { BlindLlamaError } from '@blindllama/web-sdk'

/** What went wrong, in words for the person who asked. */
export interface Failure {
  /** The stable code: of the SDK, of the gateway, `http.<status>` of the model server, or `openai.timeout`. */
  readonly code: string
  readonly sentence: string
  /** What helps: asking again, verifying anew, or nothing that a click could do. */
  readonly remedy: 'again' | 'verify' | 'none'
  /** The server's own message. It came through the channel, so the verified service sent it; whether it is right is not known. */
  readonly said?: string
}

type Words = Pick<Failure, 'sentence' | 'remedy'>

const again = (sentence: string): Words => ({ sentence, remedy: 'again' })
const verify = (sentence: string): Words => ({ sentence, remedy: 'verify' })
const none = (sentence: string): Words => ({ sentence, remedy: 'none' })

/** What only the drop-in script says of a policy; other codes of that layer are the verifier's. */
const POLICY_NOT_LOADED: Words = verify('The policy of the page could not be loaded. Nothing was sent.')

const BY_CODE: Record<string, Words> = {
  'policy.unpinned': POLICY_NOT_LOADED,
  'policy.integrity': POLICY_NOT_LOADED,
  'policy.unreachable': POLICY_NOT_LOADED,
  'policy.envelope': POLICY_NOT_LOADED,
  'policy.signature': POLICY_NOT_LOADED,
  'policy.future': POLICY_NOT_LOADED,
  'policy.expired': POLICY_NOT_LOADED,
  'policy.back': POLICY_NOT_LOADED,
  'answer.unfinished': again(
    'The model stopped before it had finished. What you see arrived unaltered, but it may not be everything.',
  ),
  'answer.failed': again('The model server reported an error in the middle of its answer.'),
  'page.closed': again('The page was closed before the answer was complete.'),
  'page.part': again(
    'A part of this page could not be loaded. Nothing was sent. Check the network, or reload the page to get its newest version.',
  ),
  'channel.truncated': again(
    'The connection ended before the authenticated end of the answer. What you see is genuine, but it may not be everything.',
  ),
  'channel.unreachable': again('The service could not be reached. Your question was not sent.'),
  'channel.busy': again('The service is busy. Wait a moment, then ask again.'),
  'channel.key_unknown': verify('A server reported, without proof, that the service no longer holds the verified key.'),
  'channel.replayed': again('The service received this request before and did not run it again.'),
  'client.closed': verify('The verified connection was closed.'),
  'client.environment': none('This browser lacks something that the encryption needs. Nothing was sent.'),
  'request.unknown_fate': again(
    'The question was sent, and no answer came: it is unknown whether the question was run. Asking again asks a second time.',
  ),
  'openai.timeout': again(
    'No answer came in time. The question may have been run: asking again may ask a second time.',
  ),
  'gateway.drained': again('The service was stopped before the answer was complete.'),
  'request.duplicate': again('The service ran this request before and did not run it again.'),
  'request.too_large': none('This conversation is longer than the service accepts. Start a new chat.'),
  'request.upstream_unreachable': again('The model could not be reached, so the question was not run.'),
  'request.upstream_timeout': again('The model took too long.'),
  'request.upstream_broken': again('The model stopped in the middle of its answer.'),
  'receipt.incomplete': none('The answer did not arrive to its end, so there is no proof of it.'),
  'receipt.missing': none('The service did not sign this answer, so there is no proof of it.'),
  'http.400': none(
    'The model refused the request. The conversation may be longer than it can read: shorten the question, or start a new chat.',
  ),
  'http.429': again('The model is busy. Wait a moment, then ask again.'),
  'http.503': again('The model is busy. Wait a moment, then ask again.'),
}

const BY_LAYER: Record<string, Words> = {
  channel: again('The encrypted channel reported an error, so the rest of the answer was discarded.'),
  request: again('The service refused this request.'),
  access: again('The service does not know the API key, or its limit is reached.'),
  dropin: none('The script of the page cannot be used this way. Nothing was sent.'),
  evidence: verify('The request for evidence failed. Nothing was sent.'),
  wasm: verify('The verifier could not be started in this browser. Nothing was sent.'),
  gateway: again('The service reported an internal error.'),
  client: verify('The verified connection could not be used.'),
  receipt: none('No proof of this answer can be saved.'),
  http: again('The model server reported an error.'),
}

const NOT_VERIFIED: Words = verify('The service could not be verified. Nothing was sent.')

/** The layers of the verifier: whatever they refuse, nothing was encrypted to the service. Of no other code is that known. */
const VERIFIER_LAYERS: ReadonlySet<string> = new Set([
  'policy',
  'bundle',
  'ak',
  'chain',
  'attest',
  'signature',
  'binding',
  'claims',
  'pcr',
  'platform',
  'eventlog',
  'release',
  'state',
  'verdict',
])

/** What a gateway says in an answer. Whatever else stands there is not its code: once there is an answer, something was sent. */
const OF_ANSWERS = /^(?:request|receipt|gateway|access)\.[a-z_]+$/

const UNKNOWN: Words = again('Something unexpected went wrong.')

export function explain(error: unknown): Failure {
  const code = codeOf(error)
  const said = saidBy(error)
  return { code, ...wordsFor(code), ...(said !== undefined && { said }) }
}

/** Words for a code alone, as for an answer whose page was closed. */
export function failureOf(code: string): Failure {
  return { code, ...wordsFor(code) }
}

function wordsFor(code: string): Words {
  const [, layer = ''] = /^([a-z]+)\.[a-z0-9_]+$/.exec(code) ?? []
  if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code] ?? UNKNOWN
  if (Object.hasOwn(BY_LAYER, layer)) return BY_LAYER[layer] ?? UNKNOWN
  return VERIFIER_LAYERS.has(layer) ? NOT_VERIFIED : UNKNOWN
}

/**
 * What `openai` throws, by its members: the package is loaded with the first question, and this module before. Without a status it is a
 * connection that failed, or an error that the server sent as an event of the answer, which has the server's object in `error`.
 */
interface OpenAiError extends Error {
  readonly status: number | undefined
  readonly headers: Headers | undefined
  readonly error: unknown
}

function isOpenAiError(error: unknown): error is OpenAiError {
  return error instanceof Error && 'status' in error && 'headers' in error && 'error' in error
}

/** Errors from the outermost to the first cause, at most eight. */
function* causes(error: unknown): Generator<unknown> {
  for (let each = error, depth = 0; each !== undefined && depth < 8; depth += 1) {
    yield each
    each = each instanceof Error ? each.cause : undefined
  }
}

/** `openai` wraps what its `fetch` throws; the reason is found along `cause`, and in what a failure that is final was answered with. */
export function codeOf(error: unknown): string {
  const own = BlindLlamaError.find(error)
  if (own) return own.code
  for (const each of causes(error)) {
    if (isOpenAiError(each)) {
      if (each.status !== undefined) {
        const said = each.headers?.get('blindllama-code')
        return said && OF_ANSWERS.test(said) ? said : `http.${each.status}`
      }
      if (each.error !== undefined) return 'answer.failed'
      if (each.message === 'Request timed out.') return 'openai.timeout'
    }
    if (each instanceof Error && each.cause === undefined && 'code' in each && typeof each.code === 'string')
      return each.code
  }
  return 'unknown'
}

/** Longest message of a server that is shown, in UTF-16 code units. */
const LONGEST_SAID = 600

function saidBy(error: unknown): string | undefined {
  if (BlindLlamaError.find(error)) return undefined
  for (const each of causes(error)) {
    if (!isOpenAiError(each)) continue
    const { message } = (each.error ?? {}) as { message?: unknown }
    if (typeof message !== 'string' || message.trim() === '') return undefined
    return message.length > LONGEST_SAID ? `${message.slice(0, LONGEST_SAID)}…` : message
  }
  return undefined
}
