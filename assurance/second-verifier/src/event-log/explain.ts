import { concat, equal, toHex } from '../bytes.ts'
import { digest, type Hash } from '../crypto.ts'
import { demand } from '../refusal.ts'
import { type BankEvent, banksOf, digestsOf, extending, isComplete, type LogBank } from './bank.ts'
import { type EventLog, parseEventLog } from './parse.ts'
import { lastPcr, replay } from './replay.ts'
import { type Finding, findings } from './rules.ts'
import { eventType } from './types.ts'
import { authorityOfOldShim, efiGlobalVariable, isOn, readVariable } from './variable.ts'

/** A log seen through one bank; nothing is quoted. */
export interface Explanation {
  readonly bank: string
  /** By index, hex. */
  readonly values: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
  /** Positions of the events whose digest is the hash of what is shown of them. */
  readonly verified: readonly number[]
  /** Absent where the log does not prove it. */
  readonly secureBoot?: boolean
}

/** @throws {Refusal} eventlog.* */
export async function explainEventLog(bytes: Uint8Array): Promise<Explanation[]> {
  const log = parseEventLog(bytes)
  const banks = banksOf(log)
  const complete = banks.filter((bank) => isComplete(log, bank))
  demand(complete.length > 0 || banks.length === 0, 'eventlog.digest_missing', 'no bank is complete')
  return Promise.all(complete.map(async (bank) => explainBank(log, bank)))
}

async function explainBank(log: EventLog, bank: LogBank): Promise<Explanation> {
  const values = [...(await replay(log, bank))].map(([pcr, value]) => [String(pcr), toHex(value)] as const)
  const verified: number[] = []
  for (const event of extending(log, bank))
    if (event.pcr <= lastPcr && (await isVerified(event, bank.hash))) verified.push(event.position)
  const secureBoot = await secureBootOf(log, bank)
  return {
    bank: bank.name,
    values: Object.fromEntries(values),
    findings: await findings(log, bank),
    verified,
    ...(secureBoot === undefined ? {} : { secureBoot }),
  }
}

/** The digest is the hash of what is shown of the event, PROTOCOL.md §16, Explanation. */
async function isVerified(event: BankEvent, hash: Hash): Promise<boolean> {
  for (const candidate of shown(event)) if (equal(await digest(hash, candidate), event.digest)) return true
  return (await authorityOfOldShim(event, hash)) !== undefined
}

function shown({ type, data }: BankEvent): Uint8Array[] {
  const content = type === eventType.variableBoot ? readVariable(data)?.data : undefined
  return [
    data,
    ...(content === undefined ? [] : [content]),
    ...(type === eventType.ipl ? shownByBootLoaders(data) : []),
  ]
}

/** What GRUB, systemd-boot and systemd-stub hash of what they log. */
function shownByBootLoaders(data: Uint8Array): Uint8Array[] {
  const candidates: Uint8Array[] = []
  const space = data.indexOf(0x20)
  const text = data.subarray(space + 1)
  if (space !== -1) candidates.push(text, text.at(-1) === 0 ? text.subarray(0, -1) : text)
  if (data.at(-1) === 0 && isText(data.subarray(0, -1))) candidates.push(concat(data, Uint8Array.of(0)))
  const [low, high] = [data.filter((_, index) => index % 2 === 0), data.filter((_, index) => index % 2 === 1)]
  if (low.length === high.length && high.every((byte) => byte === 0)) candidates.push(low)
  return candidates
}

/** ASCII or UTF-16, without a zero character. */
function isText(bytes: Uint8Array): boolean {
  const units = Buffer.from(bytes).toString('utf16le')
  return bytes.every((byte) => byte > 0 && byte < 0x80) || (bytes.length % 2 === 0 && !/[\0\p{Surrogate}]/u.test(units))
}

async function secureBootOf(log: EventLog, bank: LogBank): Promise<boolean | undefined> {
  const own = extending(log, bank).filter(({ pcr }) => pcr === 7)
  const separators = await digestsOf(bank.hash, new Uint8Array(4), new Uint8Array(4).fill(0xff))
  const end = own.findIndex(
    ({ type, digest: measured }) => type === eventType.separator || separators.some((held) => equal(held, measured)),
  )
  if (end === -1) return undefined
  const before = own.slice(0, end + 1)
  for (const { data, digest: measured } of before) if (!equal(await digest(bank.hash, data), measured)) return undefined
  const variables = before
    .map(({ data }) => readVariable(data))
    .filter((variable) => variable?.name === 'SecureBoot' && variable.vendor === efiGlobalVariable)
  const [only] = variables
  return variables.length === 1 && only !== undefined ? isOn(only) : undefined
}
