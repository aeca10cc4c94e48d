import { equal } from '../bytes.ts'
import { demand } from '../refusal.ts'
import type { Bank } from '../tpm/algorithm.ts'
import { banksOf } from './bank.ts'
import { parseEventLog } from './parse.ts'
import { localityOf, replay, resetValue } from './replay.ts'
import { alwaysRefuse, findings, neverRefuse } from './rules.ts'

/**
 * What a policy demands of a log under `replay`, PROTOCOL.md §16. `values` are the quoted ones.
 *
 * @throws {Refusal} eventlog.*
 */
export async function checkEventLog(
  bytes: Uint8Array,
  bank: Bank,
  indices: readonly number[],
  values: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  const log = parseEventLog(bytes)
  const logBank = banksOf(log).find(({ algorithm }) => algorithm === bank.algorithm)
  demand(logBank !== undefined, 'eventlog.bank', bank.name)
  const replayed = await replay(log, logBank)
  const value = (pcr: number): Uint8Array => values.get(pcr) as Uint8Array
  for (const pcr of indices)
    if (!replayed.has(pcr))
      demand(equal(value(pcr), resetValue(pcr, logBank, localityOf(log))), 'eventlog.no_events', `PCR ${pcr}`)
  for (const { code, pcr } of await findings(log, logBank)) {
    const refuses = alwaysRefuse.has(code) || (!neverRefuse.has(code) && pcr !== undefined && indices.includes(pcr))
    demand(!refuses, code, pcr === undefined ? '' : `PCR ${pcr}`)
  }
  for (const pcr of indices) {
    const follows = replayed.get(pcr)
    demand(follows === undefined || equal(follows, value(pcr)), 'eventlog.replay', `PCR ${pcr}`)
  }
}
