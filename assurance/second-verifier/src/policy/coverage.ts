import type { PcrPolicy, Rule } from './pcrs.ts'

/**
 * The PCRs that a policy leaves open although they decide what runs, ascending: PROTOCOL.md §7.1.
 *
 * @param isBound a report of the processor has to name the firmware
 */
export function openPcrs({ rules }: PcrPolicy, isBound: boolean): number[] {
  const has = (index: number, ...accepted: readonly Rule[]): boolean =>
    accepted.some((rule) => rules.get(index) === rule)
  const isCompared = (index: number): boolean => has(index, 'golden') || typeof rules.get(index) === 'object'
  const isFixed = (index: number): boolean => has(index, 'golden', 'untouched')
  const isUnified = has(11, 'golden')
  const needed: readonly (readonly [index: number, isMet: boolean])[] = [
    [0, isCompared(0) || (isBound && has(0, 'unchecked'))],
    [1, isCompared(1)],
    [2, isCompared(2)],
    [4, isCompared(4)],
    [7, isCompared(7)],
    [8, isUnified || isFixed(8)],
    [9, isUnified || has(9, 'golden')],
    [12, isFixed(12)],
    [13, isFixed(13)],
  ]
  return needed.filter(([, isMet]) => !isMet).map(([index]) => index)
}
