import { readFileSync } from 'node:fs'
import type { Case } from '../case.ts'
import { evidenceAt } from './evidence.ts'

type Values = Readonly<Record<string, Readonly<Record<string, string>>>>

interface LogEntry {
  readonly note: string
  readonly expected: {
    readonly parse?: string
    readonly replayedPcrs?: Values
    readonly findings?: readonly string[]
  } | null
  readonly tpmReadPcrs: Values | null
}

/** Logs of real machines; what the index says of their PCRs, in part read from their TPMs, must follow from them. */
export function eventLogCases(): Case[] {
  return ['eventlogs/', 'more/eventlogs/'].flatMap((path) => {
    const folder = evidenceAt(path)
    return folder === undefined ? [] : casesOf(folder)
  })
}

function casesOf(folder: URL): Case[] {
  const index = JSON.parse(readFileSync(new URL('INDEX.json', folder), 'utf8')) as Record<string, LogEntry>
  return Object.entries(index).map(([file, { note, expected, tpmReadPcrs }]) => {
    return {
      name: `eventlog/${file}`,
      why: note,
      group: 'event logs of machines',
      ids: [],
      expect: 'accept',
      question: { ask: 'eventlog', log: readFileSync(new URL(file, folder)).toString('base64') },
      check: (facts) =>
        differenceTo(facts as Fact[], [expected?.replayedPcrs ?? {}, tpmReadPcrs ?? {}], expected?.findings ?? []),
    }
  })
}

interface Fact {
  readonly bank: string
  readonly values: Readonly<Record<string, string>>
  readonly findings: readonly string[]
}

function differenceTo(
  facts: readonly Fact[],
  known: readonly Values[],
  findings: readonly string[],
): string | undefined {
  for (const values of known)
    for (const [bank, pcrs] of Object.entries(values))
      for (const [index, value] of Object.entries(pcrs)) {
        const replayed = facts.find((fact) => fact.bank === bank)?.values[index]
        if (replayed !== value && !/^0+$/.test(value)) return `PCR ${index} of ${bank} does not follow`
      }
  const missing = findings.find(
    (code) => !facts.some((fact) => fact.findings.some((finding) => finding.startsWith(code))),
  )
  return missing === undefined ? undefined : `the finding ${missing} is missing`
}
