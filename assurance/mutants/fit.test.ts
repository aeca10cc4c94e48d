import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { areas } from './areas.ts'
import { misfits } from './fit.ts'
import type { Mutant } from './mutant.ts'
import { patched } from './source.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mutant = (find: string, replace: string): Mutant => ({ name: 'm', file: 'f.rs', find, replace, tests: ['lib'] })

test('every patch fits its source once, under a name of its own, with a test', () => {
  expect(misfits(root, areas)).toEqual([])
})

test('the document of figures counts the mutants that there are', () => {
  const text = readFileSync(`${root}/docs/ASSURANCE.md`, 'utf8')
  const [, total] = /\| (\d+),? [^|]*\| `pnpm mutants` \|/.exec(text) ?? []
  expect(Number(total)).toBe(areas.reduce((sum, { mutants }) => sum + mutants.length, 0))
  const rows = [...text.matchAll(/\| \d+ of (\d+) detected \| `pnpm mutants --area (\S+)` \|/g)]
  expect(rows.map(([, count, name]) => [name, Number(count)])).toEqual(
    rows.map(([, , name]) => [name, areas.find((area) => area.name === name)?.mutants.length]),
  )
  expect(rows.length).toBeGreaterThan(3)
})

test('a patch that does not fit is told before anything is built', () => {
  const [area] = areas
  if (area === undefined) throw new Error('there is no area')
  const lost = { ...mutant('this text stands nowhere', ''), file: 'lib.rs' }
  const problems = misfits(root, [{ ...area, mutants: [lost, { ...lost, tests: [] }] }])
  expect(problems).toEqual([
    `${area.name}: m: "find" occurs 0 times in lib.rs, must occur once`,
    `${area.name}: m: the name is used twice`,
    `${area.name}: m: no test is named`,
    `${area.name}: m: "find" occurs 0 times in lib.rs, must occur once`,
  ])
})

test('a patch that no switch can select is told before anything is built', () => {
  const area = areas.find(({ name }) => name === 'gateway')
  if (area === undefined) throw new Error('there is no gateway')
  const constant = { ...mutant('const SWEEP: Duration', 'const SWEEP: core::time::Duration'), file: 'server/mod.rs' }
  expect(misfits(root, [{ ...area, mutants: [constant] }])).toEqual([expect.stringContaining('set "whole"')])
  expect(misfits(root, [{ ...area, mutants: [{ ...constant, whole: true }] }])).toEqual([])
})

test('a patch must fit once and change something', () => {
  expect(patched('a b c', mutant('b', 'x'))).toBe('a x c')
  expect(() => patched('a b b', mutant('b', 'x'))).toThrow('occurs 2 times')
  expect(() => patched('a', mutant('b', 'x'))).toThrow('occurs 0 times')
  expect(() => patched('a', mutant('', 'x'))).toThrow('occurs 0 times')
  expect(() => patched('a', mutant('a', 'a'))).toThrow('is equal')
})
