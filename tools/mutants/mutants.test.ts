import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mutants } from './mutants.ts'

test('every check that is taken out stands in the verifier, once', () => {
  const places = mutants.map(({ name, file, find }) => {
    const source = readFileSync(new URL(`../../packages/verifier-wasm/src/${file}`, import.meta.url), 'utf8')
    return `${name}: ${source.split(find).length - 1}`
  })
  expect(places).toEqual(mutants.map(({ name }) => `${name}: 1`))
})

test('every check has a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})
