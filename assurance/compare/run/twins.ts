import type { Case } from './case.ts'

/** What is wrong with the twins: every refused case has one, which is expected to be accepted, and names differ. */
export function brokenTwins(cases: readonly Case[]): string[] {
  const accepted = new Set(cases.filter(({ expect }) => expect === 'accept').map(({ name }) => name))
  const broken = cases
    .filter(({ expect, twin }) => expect === 'reject' && (twin === undefined || !accepted.has(twin)))
    .map(({ name, twin }) => `${name}: the twin ${twin ?? ''} is not an accepted case`)
  const names = cases.map(({ name }) => name)
  return [
    ...broken,
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} occurs twice`),
  ]
}
