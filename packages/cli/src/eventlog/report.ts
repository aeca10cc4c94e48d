import type { EventLogReport as Reported, Finding, LoggedEvent } from '@blindllama/verifier-wasm'

export type { Finding }

/** The export of the verifier that this needs. */
export interface Explainer {
  explainEventLog: (log: Uint8Array) => string
}

/** A log seen through one of its banks, as the verifier writes it. */
type Explanation = Pick<Reported, 'bank' | 'secureBoot' | 'findings' | 'events'> & {
  pcrs: { index: number; value: string }[]
}

/** A bank that the log announces and that cannot be replayed. */
interface IncompleteBank {
  bank: string
  /** Position of the first event that extends a PCR and has no digest of the bank. */
  event: number
}

/** What a log says, whether or not it is true: nothing is quoted here. */
export interface EventLogReport {
  name: string
  /** `ok`, or the code of what is wrong with the syntax. */
  parse: string
  /** Position of the event at fault. */
  event?: number
  /** Values that follow from the log, by bank and index. */
  replayedPcrs?: Record<string, Record<string, string>>
  /** Banks without values: operating systems may log the digest of one bank alone. */
  incomplete?: IncompleteBank[]
  /** The bank that findings and events are seen through: the one that policies use most. */
  bank?: string
  secureBoot?: boolean
  findings: Finding[]
  events: (LoggedEvent & { digests: Record<string, string> })[]
}

const byPreference = ['sha256', 'sha384', 'sha512', 'sha1']

export function readEventLog(verifier: Explainer, name: string, log: Uint8Array): EventLogReport {
  const { banks, ...parsed } = JSON.parse(verifier.explainEventLog(log)) as {
    parse: string
    event?: number
    banks?: Explanation[]
    incomplete?: IncompleteBank[]
  }
  if (banks === undefined) return { name, ...parsed, findings: [], events: [] }
  const [main] = banks.toSorted((a, b) => byPreference.indexOf(a.bank) - byPreference.indexOf(b.bank))
  const events = main?.events ?? []
  return {
    name,
    ...parsed,
    replayedPcrs: Object.fromEntries(banks.map(({ bank, pcrs }) => [bank, valuesByIndex(pcrs)])),
    ...(main === undefined ? {} : { bank: main.bank }),
    ...(main?.secureBoot === undefined ? {} : { secureBoot: main.secureBoot }),
    findings: main?.findings ?? [],
    events: events.map((event) => Object.assign(event, { digests: digestsOf(banks, event.index) })),
  }
}

function valuesByIndex(pcrs: Explanation['pcrs']): Record<string, string> {
  return Object.fromEntries(pcrs.map(({ index, value }) => [index, value]))
}

function digestsOf(banks: Explanation[], index: number): Record<string, string> {
  const digests = banks.map(({ bank, events }) => [bank, events[index]?.digest] as const)
  return Object.fromEntries(digests.filter((entry): entry is [string, string] => entry[1] !== undefined))
}
