import { within } from '../abort.js'
import { isOffline } from '../environment.js'
import { BlindLlamaError } from '../errors.js'

/** For a question whose answer is only whether there is one. */
const probeMs = 3000
/** Reports of a policy's violation come in a task of their own. */
const reportMs = 50

/**
 * `evidence.unreachable` with what a page can find out about it. The platform says nothing, so a second request asks for the gateway's
 * health without reading the answer (`no-cors`): it tells a refusal by CORS from a server that is down, and the report of a violation
 * tells the page's own policy.
 *
 * @param error what was caught
 * @param endpoint base URL, ending in `/`
 */
export async function unreachable(
  error: BlindLlamaError,
  endpoint: URL,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<BlindLlamaError> {
  const { origin } = endpoint
  const page = globalThis.location?.origin
  return new BlindLlamaError('evidence.unreachable', await why(), { cause: error.cause })

  async function why(): Promise<string> {
    if (isOffline(endpoint)) return `${origin} cannot be reached, because this device is offline`
    // Elsewhere nothing but the network stands between, and the cause has the code of the system.
    if (page === undefined || page === origin)
      return `${origin} cannot be reached. Check that the gateway runs there, its name and its TLS certificate`
    const { answered, isForbidden } = await probe(new URL('blindllama/v1/health', endpoint), fetch, signal)
    if (isForbidden)
      return `The Content-Security-Policy of this page forbids ${origin}. Add ${origin}/blindllama/v1/ to connect-src`
    if (answered)
      return `${origin} answers, but not to pages of ${page}. Add ${page} to \`origins\` under [cors] in the configuration of the gateway`
    return `${origin} cannot be reached from this page. In order of likelihood: no gateway runs there, its name or TLS certificate is wrong, or an extension or a proxy blocks it`
  }
}

async function probe(
  url: URL,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<{ answered: boolean; isForbidden: boolean }> {
  let isForbidden = false
  const hear = (event: Event): void => {
    if ((event as SecurityPolicyViolationEvent).blockedURI.startsWith(url.origin)) isForbidden = true
  }
  globalThis.addEventListener?.('securitypolicyviolation', hear)
  const ask = async (own: AbortSignal): Promise<boolean> => {
    const init = { mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' } as const
    await fetch(url, { ...init, signal: own })
    return true
  }
  const answered = await within(probeMs, () => new Error(), signal, ask).catch(() => false)
  if (!answered) await new Promise((resolve) => setTimeout(resolve, reportMs))
  globalThis.removeEventListener?.('securitypolicyviolation', hear)
  return { answered, isForbidden }
}
