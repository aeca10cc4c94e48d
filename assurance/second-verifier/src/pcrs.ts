import { all, concat, equal, lengthPrefixed, toHex, utf8 } from './bytes.ts'
import type { Claims } from './claims.ts'
import { digest, digestLength, type Hash } from './crypto.ts'
import { type DerivedRule, isDerived, type PcrPolicy } from './policy/pcrs.ts'
import { demand, Refusal } from './refusal.ts'
import type { Release } from './release/values.ts'
import type { Bank } from './tpm/algorithm.ts'
import type { Quote } from './tpm/attest.ts'
import { resetByte } from './tpm/pcr.ts'

/** TPMS_PCR_SELECTION of a platform with 24 PCRs: `sizeofSelect` is 3, TPM 2.0 Part 2 §10.6.2. */
const sizeofSelect = 3

/** The quote covers exactly `indices` of `bank`, once. @throws {Refusal} pcr.selection */
export function checkSelection({ selections }: Quote, bank: Bank, indices: readonly number[]): void {
  const [selection] = selections
  demand(selections.length === 1 && selection !== undefined, 'pcr.selection', `${selections.length} selections`)
  const bitmap = new Uint8Array(sizeofSelect)
  for (const index of indices) bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7))
  demand(selection.hash === bank.algorithm, 'pcr.selection', 'another bank')
  demand(equal(selection.pcrSelect, bitmap), 'pcr.selection', `selects ${toHex(selection.pcrSelect)}`)
}

/**
 * The claimed values of `indices`, tied to the quote; all others are dropped. `hash` is that of the signature scheme.
 *
 * @throws {Refusal} pcr.values, pcr.digest
 */
export async function provenValues(
  quote: Quote,
  hash: Hash,
  claimed: ReadonlyMap<number, Uint8Array>,
  indices: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const values = indices
    .toSorted((a, b) => a - b)
    .map((index) => {
      const value = claimed.get(index)
      if (value === undefined) throw new Refusal('pcr.values', `no value of PCR ${index}`)
      return [index, value] as const
    })
  const expected = await digest(hash, concat(...values.map(([, value]) => value)))
  demand(equal(quote.pcrDigest, expected), 'pcr.digest', 'the values are not those that were quoted')
  return new Map(values)
}

/** The one release that matches as a whole, PROTOCOL.md §7. @throws {Refusal} pcr.bank_unextended, pcr.touched, pcr.derived, pcr.mismatch */
export async function matchRelease(
  values: ReadonlyMap<number, Uint8Array>,
  { bank, rules }: PcrPolicy,
  claims: Claims,
  releases: readonly Release[],
): Promise<Release> {
  const golden = [...rules].filter(([, rule]) => rule === 'golden').map(([index]) => index)
  const first = values.get(0)
  const isExtended = first === undefined || !all(first.subarray(0, -1), 0)
  demand(isExtended, 'pcr.bank_unextended', 'PCR 0 holds what it starts with')
  for (const [index, rule] of [...rules].toSorted(([a], [b]) => a - b)) {
    const value = values.get(index) as Uint8Array
    if (rule === 'untouched') demand(all(value, resetByte(index)), 'pcr.touched', `PCR ${index}`)
    if (isDerived(rule)) {
      const member = rule === 'config' ? claims.configDigest : claims.instanceKey
      demand(member !== undefined, 'pcr.derived', `PCR ${index}: the claims lack the member`)
      demand(equal(value, await derivedValue(bank, rule, member)), 'pcr.derived', `PCR ${index} is ${toHex(value)}`)
    }
  }
  const matches = ({ pcrs }: Release): boolean =>
    golden.every((index) => {
      const value = pcrs.get(index)
      return value !== undefined && equal(value, values.get(index) as Uint8Array)
    })
  const release = releases.find(matches)
  demand(release !== undefined, 'pcr.mismatch', 'no release matches')
  return release
}

/** One TPM2_PCR_Event of `LP("blindllama/…/v1") || LP(member)` after a reset, PROTOCOL.md §7.2. */
async function derivedValue({ hash }: Bank, rule: DerivedRule, member: Uint8Array): Promise<Uint8Array> {
  const event = concat(lengthPrefixed(utf8(`blindllama/${rule}/v1`)), lengthPrefixed(member))
  return digest(hash, concat(new Uint8Array(digestLength[hash]), await digest(hash, event)))
}
