import { all } from '../bytes.ts'
import { digestLength } from '../crypto.ts'
import type { Members } from '../members.ts'
import { demand } from '../refusal.ts'
import type { Bank } from '../tpm/algorithm.ts'

/** Reference values: golden values by index, and the configurations that go with them. */
export interface Release {
  readonly name: string
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  readonly configDigests: readonly Uint8Array[]
  /** Where a manifest names it. */
  readonly modelDigest: Uint8Array | undefined
}

/** Values of PCRs by index. */
export function readValues(members: Members, bank: Bank, code = 'policy.syntax'): ReadonlyMap<number, Uint8Array> {
  const values = members
    .entries()
    .map(([key]) => [readIndex(key, code), members.hex(key, digestLength[bank.hash])] as const)
  return new Map(values)
}

/** All bits equal: what a PCR holds that nothing extended. */
export function isReset(value: Uint8Array): boolean {
  return all(value, 0) || all(value, 0xff)
}

/** The index of a PCR, as documents write it. @throws {Refusal} `code` */
export function readIndex(key: string, code = 'policy.syntax'): number {
  const index = /^(?:0|[1-9][0-9]?)$/.test(key) ? Number(key) : Number.NaN
  demand(index <= 23, code, `index ${key}`)
  return index
}
