import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { areas } from './areas.ts'
import type { Mutant } from './mutant.ts'
import { misfits, patched } from './source.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mutant = (find: string, replace: string): Mutant => ({ name: 'm', file: 'f.rs', find, replace, tests: ['lib'] })

test('every patch fits its source once, under a name of its own, with a test', () => {
  expect(misfits(root, areas)).toEqual([])
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

test('a patch must fit once and change something', () => {
  expect(patched('a b c', mutant('b', 'x'))).toBe('a x c')
  expect(() => patched('a b b', mutant('b', 'x'))).toThrow('occurs 2 times')
  expect(() => patched('a', mutant('b', 'x'))).toThrow('occurs 0 times')
  expect(() => patched('a', mutant('', 'x'))).toThrow('occurs 0 times')
  expect(() => patched('a', mutant('a', 'a'))).toThrow('is equal')
})
