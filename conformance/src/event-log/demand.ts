import { equal } from '../bytes.ts'
import type { EventLog as LogEvidence } from '../bundle.ts'
import type { PcrPolicy } from '../policy/pcrs.ts'
import { demand, Refusal } from '../refusal.ts'
import { banksOf, extending } from './bank.ts'
import { checkEvents } from './events-rule.ts'
import { parseEventLog } from './parse.ts'
import { replay, resetValue } from './replay.ts'
import { findings, refuses } from './rules.ts'

/** kind of an event-log, PROTOCOL.md §3 */
const pcClient = 1n

/**
 * What a policy demands of the log, PROTOCOL.md §16; `quoted` are the proven values.
 *
 * @throws {Refusal} eventlog.*
 */
export async function checkEventLog(
  logs: readonly LogEvidence[],
  { bank, rules, replay: indices }: PcrPolicy,
  quoted: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  const evidence = logs.find(({ kind }) => kind === pcClient)
  if (evidence === undefined) throw new Refusal('eventlog.missing', 'no log')
  const log = parseEventLog(evidence.bytes)
  const logBank = banksOf(log).find(({ algorithm }) => algorithm === bank.algorithm)
  demand(logBank !== undefined, 'eventlog.bank', bank.name)
  const values = await replay(log, logBank)
  const isQuoted = (pcr: number, value: Uint8Array): boolean => equal(quoted.get(pcr) as Uint8Array, value)
  for (const pcr of indices) {
    demand(values.has(pcr) || isQuoted(pcr, resetValue(pcr, logBank)), 'eventlog.no_events', `PCR ${pcr}`)
  }
  for (const finding of await findings(log, logBank))
    demand(!refuses(finding, indices, rules), finding.code, `PCR ${finding.pcr ?? ''}`)
  for (const pcr of indices) {
    const value = values.get(pcr)
    demand(value === undefined || isQuoted(pcr, value), 'eventlog.replay', `PCR ${pcr}`)
  }
  const events = extending(log, logBank)
  for (const pcr of indices) {
    const rule = rules.get(pcr)
    if (typeof rule === 'object')
      await checkEvents(
        rule,
        events.filter((event) => event.pcr === pcr),
      )
  }
}
