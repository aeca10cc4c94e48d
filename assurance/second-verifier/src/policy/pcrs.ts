import { type EventsRule, readEventsRule } from '../event-log/events-rule.ts'
import type { Json } from '../json.ts'
import { type Members, oneOf } from '../members.ts'
import { demand, Refusal } from '../refusal.ts'
import { isReset, readIndex, readValues, type Release } from '../release/values.ts'
import { type Bank, bankOfName } from '../tpm/algorithm.ts'

export type Rule = 'golden' | 'untouched' | 'unchecked' | DerivedRule | EventsRule
/** Follows from a member of the claims. */
export type DerivedRule = 'config' | 'instance'

export interface PcrPolicy {
  readonly bank: Bank
  /** Its indices are the selection. */
  readonly rules: ReadonlyMap<number, Rule>
  /** What the event log must explain, ascending; those with an events rule included. */
  readonly replay: readonly number[]
  readonly allowPartialCoverage: boolean
}

/** The one PCR that each rule may have. */
const derivedIndex: Readonly<Record<DerivedRule, number>> = { config: 14, instance: 15 }

/** Software can reset 16 and 23, and IMA extends 10 without end. */
const onlyUnchecked: ReadonlySet<number> = new Set([10, 16, 23])
const firmware: ReadonlySet<number> = new Set([0, 1, 2, 3, 5, 6, 7])
const explainedByDefault: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14])

/** @throws {Refusal} policy.syntax */
export function readPcrPolicy(members: Members): PcrPolicy {
  const bank = bankOfName(members.choice('bank', ['sha256', 'sha384']))
  demand(bank !== undefined, 'policy.syntax', 'pcrs.bank')
  const entries = members.object('rules').entries()
  const rules = new Map(entries.map(([key, rule]) => [readIndex(key), readRule(members, rule, bank)]))
  const demanded = readReplay(members)
  const allowPartialCoverage = members.boolean('allowPartialCoverage', false)
  members.end()
  for (const [index, rule] of rules) {
    if (onlyUnchecked.has(index) && rule !== 'unchecked') members.noteInvalid(`PCR ${index} is not unchecked`)
    if (isDerived(rule) && derivedIndex[rule] !== index) members.noteInvalid(`${rule} of PCR ${index}`)
    if (index === 0 && rule === 'untouched') members.noteInvalid('PCR 0 untouched')
    if (typeof rule === 'object' && !firmware.has(index)) members.noteInvalid(`events of PCR ${index}`)
  }
  const withEvents = [...rules].filter(([, rule]) => typeof rule === 'object').map(([index]) => index)
  const replay = new Set([...replayed(members, demanded, rules), ...withEvents])
  return { bank, rules, replay: [...replay].toSorted((a, b) => a - b), allowPartialCoverage }
}

export function isDerived(rule: Rule | undefined): rule is DerivedRule {
  return rule === 'config' || rule === 'instance'
}

function readReplay(members: Members): 'quoted' | readonly number[] {
  if (!members.has('replay')) return []
  if (members.get('replay') === 'quoted') return 'quoted'
  return members.list('replay', 24, (item) => {
    demand(typeof item === 'bigint' && item >= 0n && item <= 23n, 'policy.syntax', 'pcrs.replay')
    return Number(item)
  })
}

function replayed(
  members: Members,
  demanded: 'quoted' | readonly number[],
  rules: ReadonlyMap<number, Rule>,
): readonly number[] {
  if (demanded === 'quoted') {
    const quoted = [...rules.keys()].filter((index) => explainedByDefault.has(index) && !isDerived(rules.get(index)))
    if (quoted.length === 0) members.noteInvalid('nothing quoted to replay')
    return quoted
  }
  if (new Set(demanded).size !== demanded.length) members.noteInvalid('an index to replay occurs twice')
  for (const index of demanded)
    if (!rules.has(index) || onlyUnchecked.has(index) || isDerived(rules.get(index)))
      members.noteInvalid(`PCR ${index} to replay`)
  return demanded
}

export function readRelease(policy: Members, value: Json, bank: Bank): Release {
  const members = policy.member(value, 'release')
  const release = {
    name: members.text('name'),
    pcrs: readValues(members.object('pcrs'), bank),
    configDigests: members.optionalHexList('configDigests', 64, 32) ?? [],
    modelDigest: undefined,
  }
  members.end()
  return release
}

/** Notes what well-formed releases must not demand. */
export function checkReleases(policy: Members, { rules }: PcrPolicy, releases: readonly Release[]): void {
  const golden = [...rules].filter(([, rule]) => rule === 'golden').map(([index]) => index)
  if (golden.length === 0) policy.noteInvalid('no rule is golden')
  for (const { name, pcrs } of releases) {
    if (pcrs.size !== golden.length || !golden.every((index) => pcrs.has(index)))
      policy.noteInvalid(`${name} does not name the golden PCRs`)
    for (const value of pcrs.values()) if (isReset(value)) policy.noteInvalid(`${name}: a value that nothing extended`)
  }
  if (new Set(releases.map(({ name }) => name)).size !== releases.length) policy.noteInvalid('two releases of one name')
}

function readRule(pcrs: Members, value: Json, bank: Bank): Rule {
  if (typeof value === 'string')
    return oneOf(value, ['golden', 'untouched', 'config', 'instance', 'unchecked'], 'pcrs.rules')
  const members = pcrs.member(value, 'rule')
  if (!members.has('events')) throw new Refusal('policy.syntax', 'a rule without events')
  const rule = readEventsRule(members, bank)
  members.end()
  return rule
}
