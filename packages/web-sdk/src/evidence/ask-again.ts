import { raceAbort, within } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { isOffline } from '../environment.js'
import type { BlindLlamaError } from '../errors.js'
import { type Instant, instant } from '../instant.js'
import { type Question, askEvidence, away } from './ask.js'

/** How long a service that is away is asked again, in milliseconds: a gateway starts within seconds (PROTOCOL.md §10.1). */
const patienceMs = 10_000
const firstPauseMs = 250
const pauseMs = 1000
/** For the module that explains a failure. */
const explanationMs = 2000

/** Evidence, and the question that it answers. */
export interface FreshEvidence {
  evidence: Bytes
  nonce: Bytes
  /** When the question was asked: the time of the key begins here. */
  start: Instant
}

/**
 * Asks for evidence, and again with a fresh nonce where the service says when, by `Retry-After`. With `patient`, as after the
 * loss of a gateway, also where the service cannot be reached or what stands before it answers in its place.
 *
 * @throws {BlindLlamaError} as `askEvidence`: the last error, where the time is over
 */
export async function askAgain(question: Omit<Question, 'nonce'>, patient: boolean): Promise<FreshEvidence> {
  const end = performance.now() + patienceMs
  for (let pause = firstPauseMs; ; pause = pauseMs) {
    const nonce: Bytes = crypto.getRandomValues(new Uint8Array(32))
    const start = instant()
    try {
      return { evidence: await askEvidence({ ...question, nonce }), nonce, start }
    } catch (error) {
      const wanted = away.get(error as object)
      if (wanted === undefined || !(wanted > 0 || patient) || isOffline(question.endpoint))
        throw await explained(error, question)
      const wait = Math.max(wanted, pause * (0.5 + Math.random()))
      if (performance.now() + wait > end) throw await explained(error, question)
      await raceAbort(new Promise((resolve) => setTimeout(resolve, wait)), question.signal)
    }
  }
}

async function explanation(): Promise<typeof import('./unreachable.js')> {
  return import('./unreachable.js')
}

/** Pages that reach their service load no module that says why they do not. */
async function explained(error: unknown, { endpoint, fetch, signal }: Omit<Question, 'nonce'>): Promise<unknown> {
  if ((error as { code?: unknown }).code !== 'evidence.unreachable') return error
  try {
    const { unreachable } = await within(explanationMs, () => new Error(), signal, explanation)
    return await unreachable(error as BlindLlamaError, endpoint, fetch, signal)
  } catch {
    return error
  }
}
