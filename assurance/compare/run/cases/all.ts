import type { Case } from '../case.ts'
import { bundleCases } from './bundles.ts'
import { chainCases } from './chains/of-clouds.ts'
import { eventLogCases } from './event-logs.ts'
import { logMutationCases } from './log-mutations.ts'
import { madeChainCases } from './chains/made.ts'
import { mutationCases } from './mutations.ts'
import { quoteCases } from './quotes.ts'

/** Every case, those of one group together. */
export async function allCases(): Promise<Case[]> {
  const bundles = bundleCases()
  const madeChains = await madeChainCases()
  const cases = [
    ...bundles,
    ...quoteCases(),
    ...chainCases(),
    ...madeChains,
    ...eventLogCases(),
    ...mutationCases(bundles),
    ...logMutationCases(bundles),
  ]
  return [...new Set(cases.map(({ group }) => group))].flatMap((group) =>
    cases.filter((subject) => subject.group === group),
  )
}
