import { equal, fromHex, toHex, utf8 } from '../bytes.ts'
import { digest, digestLength, sha256 } from '../crypto.ts'
import type { Json } from '../json.ts'
import type { Members } from '../members.ts'
import { demand, Refusal } from '../refusal.ts'
import type { Bank } from '../tpm/algorithm.ts'
import type { BankEvent } from './bank.ts'
import { readVariable } from './variable.ts'

/** What a PCR may have been extended with, in order: PROTOCOL.md §16, Events rule. */
export type EventsRule = readonly Item[]

interface Item {
  readonly least: number
  readonly most: number
  readonly matches: (event: BankEvent) => Promise<boolean>
}

const syntax = 'policy.syntax'
const kinds = ['digests', 'data', 'text', 'separator', 'variable'] as const
const hexPattern = /^(?:[0-9a-f]{2})*$/
const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** @throws {Refusal} policy.syntax */
export function readEventsRule(members: Members, bank: Bank): EventsRule {
  return members.list('events', 256, (value) => readItem(members.member(value, 'item'), bank))
}

function readItem(members: Members, bank: Bank): Item {
  const [kind, ...more] = kinds.filter((name) => members.has(name))
  if (kind === undefined || more.length > 0) throw new Refusal(syntax, 'an item has exactly one kind')
  const matches = readMatcher(members, kind, bank)
  const [least, most] = readTimes(members)
  members.end()
  return { least, most, matches }
}

function readTimes(members: Members): [number, number] {
  if (!members.has('times')) return [1, 1]
  const [least, most, ...more] = members.list('times', 2, (item: Json) => item)
  const ordered = typeof least === 'bigint' && typeof most === 'bigint' && least >= 0n && least <= most
  demand(ordered && most >= 1n && most <= 8192n && more.length === 0, syntax, 'times')
  return [Number(least), Number(most)]
}

function readMatcher(members: Members, kind: (typeof kinds)[number], bank: Bank): Item['matches'] {
  switch (kind) {
    case 'digests': {
      const digests = members.hexList(kind, 256, digestLength[bank.hash])
      return async (event) => digests.some((allowed) => equal(allowed, event.digest))
    }
    case 'data':
      return hashOf(bank, fromHex(members.text(kind, hexPattern)))
    case 'text':
      return hashOf(bank, utf8(members.text(kind)))
    case 'separator':
      demand(members.get(kind) === true, syntax, kind)
      return hashOf(bank, new Uint8Array(4), new Uint8Array(4).fill(0xff))
    default:
      return readVariableMatcher(members.object(kind), bank)
  }
}

function hashOf({ hash }: Bank, ...contents: readonly Uint8Array[]): Item['matches'] {
  return async (event) => {
    for (const content of contents) if (equal(await digest(hash, content), event.digest)) return true
    return false
  }
}

function readVariableMatcher(members: Members, bank: Bank): Item['matches'] {
  const vendor = mixedEndian(members.text('guid', guidPattern))
  const name = members.text('name')
  const data = members.optionalText('data', hexPattern)
  const digests = members.optionalHexList('dataSha256', 256, 32)
  members.end()
  demand(data === undefined || digests === undefined, syntax, 'data and dataSha256')
  return async (event) => {
    const variable = readVariable(event.data)
    if (variable === undefined || !equal(await digest(bank.hash, event.data), event.digest)) return false
    if (variable.vendor !== vendor || variable.name !== name) return false
    if (data !== undefined) return toHex(variable.data) === data
    if (digests === undefined) return true
    const content = await sha256(variable.data)
    return digests.some((allowed) => equal(allowed, content))
  }
}

/** The text of RFC 9562 as an EFI_GUID: its first three fields are little-endian, UEFI 2.10 §A. */
function mixedEndian(text: string): string {
  const [a = '', b = '', c = '', ...rest] = text.split('-')
  const reversed = [a, b, c].map((field) => toHex(fromHex(field).toReversed()))
  return [...reversed, ...rest].join('')
}

/** Each item in turn takes the next events as long as they match; nothing is given back. @throws {Refusal} eventlog.* */
export async function checkEvents(rule: EventsRule, events: readonly BankEvent[]): Promise<void> {
  let next = 0
  for (const { least, most, matches } of rule) {
    let taken = 0
    for (
      let event = events[next];
      event !== undefined && taken < most && (await matches(event));
      event = events[next]
    ) {
      taken += 1
      next += 1
    }
    if (taken < least)
      throw new Refusal(next < events.length ? 'eventlog.event_refused' : 'eventlog.event_missing', `event ${next}`)
  }
  demand(next === events.length, 'eventlog.event_refused', `event ${next} is left`)
}
