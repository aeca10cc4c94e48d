import type { ChannelFetch } from '../channel/fetch.js'
import { answered, type BlindLlamaError } from '../errors.js'
import { over } from '../outer-fetch.js'
import { isTerminal } from './key-manager.js'

/** `openai` and its relatives write it to every request. */
const retries = 'x-stainless-retry-count'

/**
 * `channel`, which answers clients that retry what their `fetch` rejects with: a failure that a repetition cannot mend is a
 * response to them, which says that it is not to be tried again, and has the code. All other callers get the rejection.
 *
 * @param outer the `fetch` that sends the bytes of `channel`
 */
export function answerRetrying(channel: ChannelFetch, outer: typeof fetch): ChannelFetch {
  const answering: ChannelFetch = async (input, init) => {
    try {
      return await channel(input, init)
    } catch (error) {
      if (isFinal(error) && wouldRetry(input, init)) return answerOf(error)
      throw error
    }
  }
  return over(answering, outer)
}

function isFinal(error: unknown): error is BlindLlamaError {
  return isTerminal(error) || /^client\.(closed|destination)$/.test((error as BlindLlamaError | undefined)?.code ?? '')
}

function wouldRetry(input: RequestInfo | URL, init: RequestInit | undefined): boolean {
  return new Headers(init?.headers ?? (input as Request).headers).has(retries)
}

/** 406: no client retries it, and no page takes it for a session that has ended. */
function answerOf(error: BlindLlamaError): Response {
  const { message, code, help } = error
  const response = Response.json(
    { error: { message, code, type: 'blindllama', param: null, help } },
    { status: 406, headers: { 'x-should-retry': 'false' } },
  )
  answered.set(response.headers, error)
  return response
}
