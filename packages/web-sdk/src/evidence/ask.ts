import { type Bytes, base64url } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { mediaType, outerRequest } from '../outer-fetch.js'
import { readLimited } from '../read-limited.js'

/** PROTOCOL.md §3: the largest bundle. */
const maxBundleBytes = 2 * 1024 * 1024
/** A TPM that is asked by many answers within seconds; a network that swallows packets never does. */
const timeoutMs = 30_000

/** The versions of the protocol that this SDK accepts. */
export const versions: readonly number[] = [1]

export interface Question {
  /** Base URL, ending in `/`. */
  endpoint: URL
  /** 32 random bytes, used for this question only. */
  nonce: Bytes
  /** SHA-256 of the static part that the caller still holds. */
  have?: Bytes
  signal: AbortSignal
}

function address({ endpoint, nonce, have }: Question): URL {
  const url = new URL('blindllama/v1/evidence', endpoint)
  // Written out: the commas of `v` stay commas, and no parameter needs escaping.
  url.search = `nonce=${base64url(nonce)}&v=${versions.join(',')}${have ? `&have=${base64url(have)}` : ''}`
  return url
}

/**
 * Asks the service for its evidence (PROTOCOL.md §2): a plain GET that needs no preflight. What comes back proves nothing
 * until the verifier has read it.
 *
 * @throws {BlindLlamaError} `evidence.…`; the reason of `signal` where that aborted.
 */
export async function askEvidence(question: Question): Promise<Bytes> {
  const { signal } = question
  const attempt = new AbortController()
  const cancel = (): void => attempt.abort(signal.reason)
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const timer = setTimeout(
    () => attempt.abort(new BlindLlamaError('evidence.timeout', `No evidence within ${timeoutMs / 1000} s`)),
    timeoutMs,
  )
  try {
    return await receive(address(question), attempt.signal)
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason
    if (BlindLlamaError.isInstance(error)) throw error
    throw new BlindLlamaError('evidence.unreachable', 'The service could not be reached for its evidence', {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
  }
}

async function receive(url: URL, signal: AbortSignal): Promise<Bytes> {
  const response = await fetch(url, { ...outerRequest, signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new BlindLlamaError('evidence.status', `The service answered ${response.status} in place of evidence`)
  }
  if (mediaType(response) !== 'application/cbor') {
    await response.body?.cancel()
    throw new BlindLlamaError('evidence.media_type', 'What answers at the base URL is not a BlindLlama service')
  }
  const evidence = await readLimited(response, maxBundleBytes)
  if (!evidence) throw new BlindLlamaError('evidence.size', 'The service sent more evidence than the protocol allows')
  return evidence
}
