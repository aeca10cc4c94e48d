import { expect, it } from 'vitest'
import { buildSteps } from './steps.ts'

/** The step whose output a page or a program loads, and the one that makes what it contains. */
const contains = [
  ['SDK', 'verifier (WebAssembly)'],
  ['command', 'SDK'],
  ['example chat', 'SDK'],
] as const

function inputs(name: string): readonly string[] {
  return buildSteps.find((step) => step.name === name)?.inputs ?? []
}

it.each(contains)('%s is built again where %s would come out otherwise', (outer, inner) => {
  expect(inputs(inner).length).toBeGreaterThan(0)
  expect(inputs(inner).filter((input) => !inputs(outer).includes(input))).toEqual([])
})
