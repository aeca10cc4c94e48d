import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'

interface SabotagedBuild {
  readonly name: string
  readonly tag: string
  readonly patches: readonly { readonly file: string; readonly find: string }[]
}

const root = new URL('../../..', import.meta.url)
// Of another project of TypeScript, which builds on this one.
const { sabotagedBuilds } = (await import(new URL('assurance/mutants/sabotage/builds.ts', root).href)) as {
  sabotagedBuilds: readonly SabotagedBuild[]
}
const { scenariosOfThePage } = (await import(new URL('assurance/mutants/sabotage/scenarios.ts', root).href)) as {
  scenariosOfThePage: () => readonly string[]
}

it('runs each file that tells of a protection or opens the chat, and no file of the SDK alone', () => {
  const ran = scenariosOfThePage()
  const files = readdirSync(new URL('e2e/specs', root)).filter((name) => name.endsWith('.spec.ts'))
  const having = (...words: readonly string[]): string[] =>
    files
      .filter((name) => {
        const text = readFileSync(new URL(`e2e/specs/${name}`, root), 'utf8')
        return words.some((word) => text.includes(word))
      })
      .map((name) => `specs/${name}`)
  expect(ran).toEqual(expect.arrayContaining(having(...sabotagedBuilds.map(({ tag }) => tag))))
  expect(ran).toEqual(expect.arrayContaining(having('await chat(', 'pageServer.publish')))
  expect(ran).not.toContain('specs/dropin.spec.ts')
})

it.each(sabotagedBuilds)('$name: every patch fits its source once, long before the scenarios run', ({ patches }) => {
  expect(patches.length).toBeGreaterThan(0)
  const times = patches.map(({ file, find }) => readFileSync(new URL(file, root), 'utf8').split(find).length - 1)
  expect(times).toEqual(patches.map(() => 1))
})
