import type { Case } from '../case.ts'
import { bundleCases } from './bundles.ts'
import { chainCases } from './chains.ts'
import { eventLogCases } from './event-logs.ts'
import { quoteCases } from './quotes.ts'

/** Every case, those of one group together. */
export async function allCases(): Promise<Case[]> {
  const cases = [...bundleCases(), ...quoteCases(), ...chainCases(), ...eventLogCases()]
  return [...new Set(cases.map(({ group }) => group))].flatMap((group) =>
    cases.filter((subject) => subject.group === group),
  )
}
