import { equal, fromHex, toHex, utf8 } from '../bytes.ts'
import { digest } from '../crypto.ts'
import { type BankEvent, digestsOf, extending, type LogBank } from './bank.ts'
import { type EventLog, startsWith } from './parse.ts'
import { eventType } from './types.ts'
import { claimsLocality, isLocality, lastPcr } from './replay.ts'
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

/** Rules that refuse a log whatever the policy replays; the others do so for their PCR, or never. */
export const alwaysRefuse: ReadonlySet<string> = new Set([
  'eventlog.spec_id_pcr',
  'eventlog.pcr_index',
  'eventlog.startup_locality',
  'eventlog.separator_missing',
  'eventlog.separator_duplicate',
  'eventlog.separator_invalid',
])
export const neverRefuse: ReadonlySet<string> = new Set(['eventlog.no_action_index', 'eventlog.after_separator'])

/** Every rule of PROTOCOL.md §16 that the log breaks, in the order of its table. */
export async function findings(log: EventLog, bank: LogBank): Promise<Finding[]> {
  const events = extending(log, bank)
  const broken: Finding[] = []
  const [first] = log.events
  if (
    first !== undefined &&
    startsWith(first.data, 'Spec ID Event03\0') &&
    first.type === eventType.noAction &&
    first.pcr !== 0
  )
    broken.push({ code: 'eventlog.spec_id_pcr' })
  if (events.some(({ pcr }) => pcr > lastPcr)) broken.push({ code: 'eventlog.pcr_index' })
  if (log.events.some(({ type, pcr }) => type === eventType.noAction && pcr > lastPcr))
    broken.push({ code: 'eventlog.no_action_index' })
  if (!localityHolds(log)) broken.push({ code: 'eventlog.startup_locality' })
  const separators = await digestsOf(bank.hash, ...separatorData)
  for (const pcr of firmwarePcrs) broken.push(...separatorFindings(events, pcr, separators))
  broken.push(...(await actionFindings(events, bank, separators)))
  broken.push(...(await variableFindings(events, bank)))
  return broken
}

function localityHolds({ events }: EventLog): boolean {
  const told = events.filter(claimsLocality)
  const extended = events.findIndex(({ type, pcr }) => type !== eventType.noAction && pcr === 0)
  const [only] = told
  if (only === undefined) return true
  return told.length === 1 && isLocality(only) && (extended === -1 || events.indexOf(only) < extended)
}

function isSeparator(event: BankEvent, separators: readonly Uint8Array[]): boolean {
  return event.type === eventType.separator || separators.some((separator) => equal(separator, event.digest))
}

function isSound(event: BankEvent, separators: readonly Uint8Array[]): boolean {
  const which = separatorData.findIndex((held) => equal(held, event.data))
  const expected = separators[which]
  return event.type === eventType.separator && expected !== undefined && equal(expected, event.digest)
}

function separatorFindings(events: readonly BankEvent[], pcr: number, separators: readonly Uint8Array[]): Finding[] {
  const own = events.filter((event) => event.pcr === pcr)
  const found = own.filter((event) => isSeparator(event, separators))
  const broken: Finding[] = []
  if (found.length === 0) broken.push({ code: 'eventlog.separator_missing', pcr })
  if (found.length > 1) broken.push({ code: 'eventlog.separator_duplicate', pcr })
  if (!found.every((event) => isSound(event, separators))) broken.push({ code: 'eventlog.separator_invalid', pcr })
  const after = own.slice(own.findIndex((event) => isSeparator(event, separators)) + 1)
  const extendedAfter = found.length > 0 && after.some((event) => !isSeparator(event, separators))
  if (endedPcrs.has(pcr) && extendedAfter) broken.push({ code: 'eventlog.after_separator', pcr })
  return broken
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
