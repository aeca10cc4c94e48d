import { equal } from '../bytes.ts'
import type { EventLog as LogEvidence } from '../bundle.ts'
import { demand, Refusal } from '../refusal.ts'
import type { PcrPolicy, Rule } from './pcrs.ts'
import { banksOf, extending } from '../event-log/bank.ts'
import { checkEvents } from '../event-log/events-rule.ts'
import { parseEventLog } from '../event-log/parse.ts'
import { replay, resetValue } from '../event-log/replay.ts'
import { type Finding, findings } from '../event-log/rules.ts'

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

/** Rules that refuse a log whatever the policy replays. */
const always: ReadonlySet<string> = new Set([
  'eventlog.spec_id_pcr',
  'eventlog.pcr_index',
  'eventlog.startup_locality',
  'eventlog.separator_missing',
  'eventlog.separator_duplicate',
  'eventlog.separator_invalid',
])

/** The third column of the table of PROTOCOL.md §16. */
function refuses({ code, pcr }: Finding, replayed: readonly number[], rules: ReadonlyMap<number, Rule>): boolean {
  if (always.has(code)) return true
  if (pcr === undefined || code === 'eventlog.no_action_index') return false
  return code === 'eventlog.after_separator' ? typeof rules.get(pcr) === 'object' : replayed.includes(pcr)
}
