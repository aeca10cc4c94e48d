import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface SabotagedBuild {
  readonly name: string
  readonly patches: readonly { readonly file: string; readonly find: string }[]
}

const root = new URL('../../..', import.meta.url)
// Of another project of TypeScript, which builds on this one.
const { sabotagedBuilds } = (await import(new URL('assurance/mutants/sabotage/builds.ts', root).href)) as {
  sabotagedBuilds: readonly SabotagedBuild[]
}

it.each(sabotagedBuilds)('$name: every patch fits its source once, long before the scenarios run', ({ patches }) => {
  expect(patches.length).toBeGreaterThan(0)
  const times = patches.map(({ file, find }) => readFileSync(new URL(file, root), 'utf8').split(find).length - 1)
  expect(times).toEqual(patches.map(() => 1))
})
