import { type Bytes, fromHex } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import type { Verdict } from '../verdict.js'
import type { StateKeeper } from './state-keeper.js'

/** Each time, another tab was quicker. */
const maxTransitions = 20

/**
 * Verifies with what is remembered of earlier visits and keeps what the verdict adds to it (PROTOCOL.md §20). Where another
 * tab stored something meanwhile, the verdict is made again from that: no tab takes back what another one learned.
 *
 * @returns the verdict, without what was to be kept
 * @throws {BlindLlamaError} `client.state` where the keeper fails
 */
export async function verifyWithState(
  keeper: StateKeeper | undefined,
  verify: (state?: Bytes) => Verdict,
): Promise<Verdict> {
  if (!keeper) return verify()
  for (let transition = 0; transition < maxTransitions; transition += 1) {
    const kept = await keep(keeper.load())
    const verdict = verify(new Uint8Array(kept ?? []))
    if (verdict.result !== 'pass' || verdict.nextState === undefined) return verdict
    const { nextState, ...told } = verdict
    if ((await keep(keeper.store(fromHex(nextState), kept))) !== false) return told
  }
  throw unkept(undefined)
}

async function keep<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw unkept(cause)
  }
}

function unkept(cause: unknown): BlindLlamaError {
  return new BlindLlamaError('client.state', 'What earlier visits found out could not be read or kept', { cause })
}
