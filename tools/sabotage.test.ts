import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface Canary {
  readonly name: string
  readonly patches: readonly { readonly file: string; readonly find: string }[]
}

const root = new URL('..', import.meta.url)
// Of another project of TypeScript, which builds on this one.
const { canaries } = (await import(new URL('e2e/sabotage/builds.ts', root).href)) as { canaries: readonly Canary[] }

it.each(canaries)('$name: every patch fits its source once, long before the stories run', ({ patches }) => {
  expect(patches.length).toBeGreaterThan(0)
  const times = patches.map(({ file, find }) => readFileSync(new URL(file, root), 'utf8').split(find).length - 1)
  expect(times).toEqual(patches.map(() => 1))
})
