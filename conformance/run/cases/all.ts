import type { Case } from '../case.ts'
import { bundleCases } from './bundles.ts'
import { chainCases } from './chains.ts'
import { eventLogCases } from './event-logs.ts'
import { mutationCases } from './mutations.ts'
import { quoteCases } from './quotes.ts'

/** Every case, those of one group together. */
export async function allCases(): Promise<Case[]> {
  const bundles = bundleCases()
  const cases = [...bundles, ...quoteCases(), ...chainCases(), ...eventLogCases(), ...mutationCases(bundles)]
  return [...new Set(cases.map(({ group }) => group))].flatMap((group) =>
    cases.filter((subject) => subject.group === group),
  )
}
