import { all } from '../bytes.ts'
import { digestLength } from '../crypto.ts'
import { demand } from '../refusal.ts'
import { type Bank, bankOfName } from '../tpm/algorithm.ts'
import type { Json } from './json.ts'
import { invalid, Members, oneOf, readHex, unsupported } from './members.ts'
import { readDigest } from './policy.ts'

const simpleRules = ['golden', 'untouched', 'unchecked'] as const
export type Rule = (typeof simpleRules)[number]

export interface PcrPolicy {
  readonly bank: Bank
  /** Its indices are the selection. */
  readonly rules: ReadonlyMap<number, Rule>
}

export interface Release {
  readonly name: string
  /** Golden values by index. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  readonly configDigests: readonly Uint8Array[]
}

/** Software can reset 16 and 23, and IMA extends 10 without end. */
const onlyUnchecked: ReadonlySet<number> = new Set([10, 16, 23])

export function readPcrPolicy(value: Json | undefined): PcrPolicy {
  const members = new Members(value, 'pcrs')
  const bank = bankOfName(members.choice('bank', ['sha256', 'sha384']))
  demand(bank !== undefined, 'policy.syntax', 'pcrs.bank')
  const rules = new Map(
    new Members(members.get('rules'), 'rules').entries().map(([key, rule]) => [readIndex(key), readRule(rule)]),
  )
  members.end()
  demand(rules.size > 0, 'policy.syntax', 'pcrs.rules is empty')
  return { bank, rules }
}

export function readRelease(value: Json, bank: Bank): Release {
  const members = new Members(value, 'release')
  const name = members.text('name', /^[^]{1,255}$/)
  const values = new Members(members.get('pcrs'), 'release.pcrs').entries()
  const configDigests = members.optionalList('configDigests', 64, readDigest) ?? []
  members.end()
  const read = (item: Json): Uint8Array => readHex(item, digestLength[bank.hash], `golden value of ${name}`)
  return { name, pcrs: new Map(values.map(([key, item]) => [readIndex(key), read(item)])), configDigests }
}

/** What well-formed rules and releases must not demand. @throws {Refusal} policy.invalid */
export function checkReleases({ rules }: PcrPolicy, releases: readonly Release[]): void {
  for (const [index, rule] of rules)
    if (onlyUnchecked.has(index) && rule !== 'unchecked') invalid(`PCR ${index} is ${rule}`)
  const golden = [...rules].filter(([, rule]) => rule === 'golden').map(([index]) => index)
  if (golden.length === 0) invalid('no rule is golden')
  for (const { name, pcrs } of releases) {
    if (pcrs.size !== golden.length || !golden.every((index) => pcrs.has(index)))
      invalid(`${name} does not name the golden PCRs`)
    for (const value of pcrs.values())
      if (all(value, 0) || all(value, 0xff)) invalid(`${name}: a value that nothing extended`)
  }
  if (new Set(releases.map(({ name }) => name)).size !== releases.length) invalid('two releases of one name')
}

function readIndex(key: string): number {
  const index = /^(?:0|[1-9][0-9]?)$/.test(key) ? Number(key) : Number.NaN
  demand(index <= 23, 'policy.syntax', `index ${key}`)
  return index
}

function readRule(value: Json): Rule {
  if (value instanceof Map && value.has('events')) unsupported('events')
  return oneOf(value, simpleRules, 'pcrs.rules')
}
