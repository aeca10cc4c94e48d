import { equal, fromHex, toHex, utf8 } from '../bytes.ts'
import { digest } from '../crypto.ts'
import { type BankEvent, digestsOf, extending, type LogBank } from './bank.ts'
import { type EventLog, startsWith } from './parse.ts'
import { eventType } from './types.ts'
import { claimsLocality, hcrtmLocality, isLocality, lastPcr, startsWithHcrtm } from './replay.ts'
import {
  areSignatureLists,
  authorityOfOldShim,
  efiGlobalVariable,
  imageSecurityDatabase,
  readVariable,
} from './variable.ts'

/** A rule of PROTOCOL.md §16 that a log breaks. */
export interface Finding {
  readonly code: string
  readonly pcr?: number
}

const variableTypes: ReadonlySet<number> = new Set([
  eventType.variableDriverConfig,
  eventType.variableBoot,
  eventType.variableBoot2,
  eventType.variableAuthority,
])
const firmwarePcrs = [0, 1, 2, 3, 4, 5, 6, 7]
const endedPcrs: ReadonlySet<number> = new Set([0, 1, 2, 3, 6])
const keyLists: ReadonlyMap<string, string> = new Map([
  ['PK', efiGlobalVariable],
  ['KEK', efiGlobalVariable],
  ['db', imageSecurityDatabase],
  ['dbx', imageSecurityDatabase],
])
const separatorData = [fromHex('00000000'), fromHex('ffffffff')] as const
const callingApplication = 'Calling EFI Application from Boot Option'
const exitBootServices = 'Exit Boot Services Invocation'

/** Every rule of PROTOCOL.md §16 that the log breaks, in the order that it prescribes. */
export async function findings(log: EventLog, bank: LogBank): Promise<Finding[]> {
  const events = extending(log, bank)
  const separators = await digestsOf(bank.hash, ...separatorData)
  return [
    ...specIdFindings(log),
    ...localityFindings(log),
    ...eventFindings(log, new Map(events.map((event) => [event.position, event])), separators),
    ...firmwarePcrs
      .filter((pcr) => !events.some((event) => event.pcr === pcr && isSeparator(event, separators)))
      .map((pcr) => ({ code: 'eventlog.separator_missing', pcr })),
    ...(await actionFindings(events, bank, separators)),
    ...(await variableFindings(events, bank)),
  ]
}

function specIdFindings({ events: [first] }: EventLog): Finding[] {
  const announces = first?.type === eventType.noAction && startsWith(first.data, 'Spec ID Event03\0')
  return announces && first.pcr !== 0 ? [{ code: 'eventlog.spec_id_pcr' }] : []
}

function localityFindings(log: EventLog): Finding[] {
  const { events } = log
  const told = events.filter(claimsLocality)
  const extended = events.findIndex(({ type, pcr }) => type !== eventType.noAction && pcr === 0)
  const [only, ...more] = told
  if (only === undefined) return []
  const agrees = !startsWithHcrtm(log) || only.data.at(-1) === hcrtmLocality
  const inTime = extended === -1 || events.indexOf(only) < extended
  return more.length === 0 && isLocality(only) && inTime && agrees ? [] : [{ code: 'eventlog.startup_locality' }]
}

/** What each event says of its index and of the separator of its PCR, event by event. */
function eventFindings(
  { events }: EventLog,
  extensions: ReadonlyMap<number, BankEvent>,
  separators: readonly Uint8Array[],
): Finding[] {
  const broken: Finding[] = []
  const ended = new Set<number>()
  for (const [position, { pcr }] of events.entries()) {
    const event = extensions.get(position)
    if (pcr > lastPcr) broken.push({ code: event === undefined ? 'eventlog.no_action_index' : 'eventlog.pcr_index' })
    if (event === undefined || !firmwarePcrs.includes(pcr)) continue
    if (isSeparator(event, separators)) {
      if (!isSound(event, separators)) broken.push({ code: 'eventlog.separator_invalid', pcr })
      if (ended.has(pcr)) broken.push({ code: 'eventlog.separator_duplicate', pcr })
      ended.add(pcr)
    } else if (ended.has(pcr) && endedPcrs.has(pcr)) broken.push({ code: 'eventlog.after_separator', pcr })
  }
  return broken
}

function isSeparator(event: BankEvent, separators: readonly Uint8Array[]): boolean {
  return event.type === eventType.separator || separators.some((separator) => equal(separator, event.digest))
}

function isSound(event: BankEvent, separators: readonly Uint8Array[]): boolean {
  const which = separatorData.findIndex((held) => equal(held, event.data))
  const expected = separators[which]
  return event.type === eventType.separator && expected !== undefined && equal(expected, event.digest)
}

async function actionFindings(
  events: readonly BankEvent[],
  bank: LogBank,
  separators: readonly Uint8Array[],
): Promise<Finding[]> {
  const split = (pcr: number): { before: readonly BankEvent[]; after: readonly BankEvent[] } => {
    const own = events.filter((event) => event.pcr === pcr)
    const at = own.findIndex((event) => isSeparator(event, separators))
    return at === -1 ? { before: own, after: [] } : { before: own.slice(0, at), after: own.slice(at + 1) }
  }
  const has = async (some: readonly BankEvent[], action: string): Promise<boolean> => {
    const expected = await digest(bank.hash, utf8(action))
    return some.some((event) => equal(event.digest, expected))
  }
  const calls = await has([...split(4).before, ...split(5).before], callingApplication)
  const exits = await has(split(5).after, exitBootServices)
  return [
    ...(calls ? [] : [{ code: 'eventlog.calling_application', pcr: 4 }]),
    ...(exits ? [] : [{ code: 'eventlog.exit_boot_services', pcr: 5 }]),
  ]
}

async function variableFindings(events: readonly BankEvent[], bank: LogBank): Promise<Finding[]> {
  const broken: Finding[] = []
  for (const event of events) {
    if (!variableTypes.has(event.type)) continue
    const code = await brokenVariableRule(event, bank)
    if (code !== undefined) broken.push({ code, pcr: event.pcr })
  }
  return broken
}

async function brokenVariableRule(event: BankEvent, { hash }: LogBank): Promise<string | undefined> {
  const { type, data } = event
  const variable = readVariable(data) ?? (await authorityOfOldShim(event, hash))
  if (variable === undefined) return 'eventlog.variable'
  const { vendor, name } = variable
  const content = toHex(variable.data)
  if (name === 'SecureBoot' && vendor === efiGlobalVariable && !/^(?:|00|01)$/.test(content)) return 'eventlog.variable'
  const isKeyList = type === eventType.variableDriverConfig && keyLists.get(name) === vendor
  return isKeyList && !areSignatureLists(variable.data) ? 'eventlog.signature_list' : undefined
}
