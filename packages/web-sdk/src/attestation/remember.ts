import { within } from '../abort.js'
import { type Bytes, fromHex } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import type { Verdict } from '../verdict.js'
import type { StateStore } from './state-store.js'

/** Each time, another tab was quicker. */
const maxTransitions = 20
/** For one answer of the store, and for a turn: other tabs attest within seconds, one that is suspended with the lock never does. */
const timeoutMs = 15_000

/**
 * Runs `visit` under the exclusive access of the store, where it has one. What the store does after the visit changes nothing.
 *
 * @throws {BlindLlamaError} `client.state` where the store fails before, `client.state_timeout` where the turn does not come;
 *   the reason of `signal`; what `visit` throws
 */
export async function runExclusive<T>(store: StateStore, visit: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let visiting: Promise<T> | undefined
  if (store.exclusive)
    await answerOf(signal, (waiting) => {
      return new Promise<void>((begun, failed) => {
        const begin = async (): Promise<T> => {
          // A turn that comes too late is nobody's.
          waiting.throwIfAborted()
          begun()
          return (visiting ??= visit())
        }
        store.exclusive?.(begin, waiting).catch(failed)
      })
    })
  return visiting ?? visit()
}

/**
 * Verifies with what is remembered of earlier visits and keeps what the verdict adds to it (PROTOCOL.md §20): a failed one adds
 * withdrawals. Where another tab stored something meanwhile, the verdict is made again from that: no tab takes back what another
 * one learned.
 *
 * @returns the verdict, without what was to be kept; a failed one also where the store fails
 * @throws {BlindLlamaError} `client.state` where the store fails, `client.state_timeout` where it does not answer; the reason
 *   of `signal`
 */
export async function verifyWithState(
  store: StateStore | undefined,
  verify: (state?: Bytes) => Verdict,
  signal: AbortSignal,
): Promise<Verdict> {
  if (!store) return verify()
  for (let transition = 0; transition < maxTransitions; transition += 1) {
    const kept = await answerOf(signal, async () => store.load())
    const verdict = verify(new Uint8Array(kept ?? []))
    const { nextState, ...told } = verdict
    if (nextState === undefined) return told
    try {
      if ((await answerOf(signal, async () => store.store(fromHex(nextState), kept))) !== false) return told
    } catch (error) {
      // Nothing is open either way, and the refusal says more than the full disk.
      if (told.result === 'fail') return told
      throw error
    }
  }
  throw unkept(undefined)
}

/** What the store answers, in time or not at all. */
async function answerOf<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await within(timeoutMs, late, signal, work)
  } catch (cause) {
    signal.throwIfAborted()
    // Beside the script, the store's module has a copy of the class of its own.
    throw BlindLlamaError.isInstance(cause) ? cause : unkept(cause)
  }
}

function unkept(cause: unknown): BlindLlamaError {
  return new BlindLlamaError('client.state', 'The state could not be read or kept', { cause })
}

function late(): BlindLlamaError {
  return new BlindLlamaError('client.state_timeout', 'The state store did not answer within 15 s')
}
