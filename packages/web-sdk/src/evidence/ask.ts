import { within } from '../abort.js'
import { type Bytes, base64url } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { discard, mediaType, outerRequest } from '../outer-fetch.js'
import { readLimited } from '../read-limited.js'

/** PROTOCOL.md §3: the largest bundle. */
const maxBundleBytes = 2 * 1024 * 1024
/** A TPM that is asked by many answers within seconds; a network that swallows packets never does. */
const timeoutMs = 30_000

/** Errors of a service that is away, maybe for a moment, with the time after which it wants to be asked again: milliseconds, or 0. */
export const away: WeakMap<object, number> = new WeakMap()

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
  /** The platform's. */
  fetch: typeof globalThis.fetch
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
  return within(timeoutMs, late, question.signal, async (signal) => {
    try {
      return await receive(await question.fetch(address(question), { ...outerRequest(), signal }), question.endpoint)
    } catch (cause) {
      if (cause instanceof BlindLlamaError) throw cause
      const error = new BlindLlamaError('evidence.unreachable', 'The service could not be reached', {
        cause,
      })
      away.set(error, 0)
      throw error
    }
  })
}

function late(): BlindLlamaError {
  return new BlindLlamaError('evidence.timeout', 'No evidence within 30 s')
}

async function receive(response: Response, { href }: URL): Promise<Bytes> {
  const { status, headers } = response
  if (status !== 200) {
    discard(response)
    const error = new BlindLlamaError('evidence.status', `${href} answered ${status} in place of evidence`)
    if (status > 501 && status < 505)
      away.set(error, (status === 503 && Number(headers.get('retry-after')) * 1000) || 0)
    throw error
  }
  if (mediaType(response) !== 'application/cbor') {
    discard(response)
    throw new BlindLlamaError('evidence.media_type', `What answers at ${href} is not a BlindLlama service`)
  }
  const evidence = await readLimited(response, maxBundleBytes)
  if (!evidence) throw new BlindLlamaError('evidence.size', 'The evidence exceeds 2 MiB')
  return evidence
}
