import { all, concat, equal, toHex } from './bytes.ts'
import { digest, type Hash } from './crypto.ts'
import type { PcrPolicy, Release } from './policy/pcrs.ts'
import { demand, Refusal } from './refusal.ts'
import type { Bank } from './tpm/algorithm.ts'
import type { Quote } from './tpm/attest.ts'

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

/** The one release that matches as a whole, PROTOCOL.md §7. @throws {Refusal} pcr.touched, pcr.mismatch */
export function matchRelease(
  values: ReadonlyMap<number, Uint8Array>,
  { rules }: PcrPolicy,
  releases: readonly Release[],
): Release {
  const golden = [...rules].filter(([, rule]) => rule === 'golden').map(([index]) => index)
  for (const [index, rule] of rules)
    if (rule === 'untouched')
      demand(all(values.get(index) as Uint8Array, resetByte(index)), 'pcr.touched', `PCR ${index}`)
  const matches = ({ pcrs }: Release): boolean =>
    golden.every((index) => {
      const value = pcrs.get(index)
      return value !== undefined && equal(value, values.get(index) as Uint8Array)
    })
  const release = releases.find(matches)
  demand(release !== undefined, 'pcr.mismatch', 'no release matches')
  return release
}

/** Every byte of a PCR after a reset, PFP 1.06 §3.3.1: the PCRs of dynamic launch begin with ones. */
export function resetByte(index: number): number {
  return index >= 17 && index <= 22 ? 0xff : 0
}
