import { expect, it } from 'vitest'
import { bundleCases } from '../../compare/run/cases/bundles.ts'
import { secondVerifier } from '../../compare/run/second.ts'

const vectors = bundleCases()

it('finds the vectors', () => {
  expect(vectors.length).toBeGreaterThan(1000)
})

// One test for all: a name of its own for each of a thousand would hide the rest of the report.
it('ends every vector of this repository with exactly the code that it names', async () => {
  const ends = await Promise.all(
    vectors.map(async ({ name, question }) => [name, (await secondVerifier.answer(question)).code] as const),
  )
  expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(vectors.map(({ name, code }) => [name, code])))
})

it('gives of every vector exactly what it names to be kept', async () => {
  const kept = await Promise.all(
    vectors.map(async ({ name, question }) => {
      const facts = (await secondVerifier.answer(question)).facts as { nextState?: string | null }
      return [name, facts.nextState ?? null] as const
    }),
  )
  expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(vectors.map(({ name, kept: next }) => [name, next])))
})
