import { BlindLlamaError } from '../errors.js'
import type { InnerRequest } from './inner-request.js'

/**
 * Which requests are sent again after a sign that the gateway is gone (PROTOCOL.md §10.1). `'repeatable'`: those whose
 * repetition costs computing and nothing else.
 */
export type Resend = 'never' | 'repeatable' | 'always'

/** @throws {BlindLlamaError} `client.options` */
export function resendOf(value: unknown): Resend {
  if (value === 'never' || value === 'repeatable' || value === 'always') return value
  throw new BlindLlamaError('client.options', "`resend` must be 'never', 'repeatable' or 'always'")
}

export function readsOnly(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** What a model server keeps, or goes on with, beyond the answer: members of the request that are set. */
interface RequestMembers {
  store?: unknown
  background?: unknown
  previous_response_id?: unknown
  conversation?: unknown
  /** Kept at the server, with tools of its own. */
  prompt?: unknown
  web_search_options?: unknown
  tools?: readonly { type?: unknown }[] | null
}

/** Whether the repetition of a request costs computing and nothing else. What cannot be read is not repeatable. */
export async function isRepeatable({ method, path, content }: InnerRequest): Promise<boolean> {
  if (readsOnly(method)) return true
  const [, route] =
    /^\/(?:v1\/)?(responses|embeddings|moderations|audio\/speech|images\/generations|(?:chat\/)?completions|rerank|score|\w*tokenize)(?![^?])/.exec(
      path,
    ) ?? []
  if (method !== 'POST' || !route) return false
  try {
    const members = (await new Response(content).json()) as RequestMembers
    if (route === 'responses' && members.store !== false) return false
    if (members.store || members.background || members.previous_response_id || members.conversation) return false
    if (members.web_search_options || (route === 'responses' && members.prompt)) return false
    return (members.tools ?? []).every(({ type }) => type === 'function' || type === 'custom')
  } catch {
    return false
  }
}
