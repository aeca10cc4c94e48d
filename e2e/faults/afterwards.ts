import type { Ended } from '../failover/visitor.ts'
import type { Visit } from './judge.ts'

/**
 * Asks after all faults, as a person does whose question was lost.
 *
 * A request that may not be repeated is lost with the key that ended in the last fault (PROTOCOL.md §10.1). The client has attested anew
 * by the next one, so only one can be lost, and only in this way.
 */
export async function askAfterwards(resend: Visit['resend'], ask: () => Promise<Ended>): Promise<Ended> {
  const first = await ask()
  return resend === 'never' && first.code === 'request.unknown_fate' ? ask() : first
}
