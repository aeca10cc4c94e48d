import { expect, test } from 'vitest'
import type { Area } from './mutant.ts'
import { select } from './select.ts'

const area = (name: string, ...names: string[]): Area => ({
  name,
  folder: name,
  runner: { kind: 'vitest' },
  mutants: names.map((each) => ({ name: each, file: 'f.ts', find: 'a', replace: 'b', tests: ['t'] })),
})
const areas = [area('one', 'a', 'a: b', 'c'), area('two', ...Array.from({ length: 20 }, (_, index) => `n${index}`))]
const names = (chosen: readonly Area[]): string[] => chosen.flatMap(({ mutants }) => mutants.map(({ name }) => name))

test('an area, a name, a part of names', () => {
  expect(select(areas, { names: [], seed: '' })).toEqual(areas)
  expect(select(areas, { area: 'one', names: [], seed: '' })).toEqual([areas[0]])
  expect(names(select(areas, { names: ['a'], seed: '' }))).toEqual(['a'])
  expect(names(select(areas, { names: [': b', 'n1'], seed: '' }))).toEqual(['a: b', 'n1'])
  expect(names(select(areas, { names: ['n'], area: 'two', seed: '' }))).toHaveLength(20)
})

test('what is not there is an error, not an empty run', () => {
  expect(() => select(areas, { area: 'three', names: [], seed: '' })).toThrow('"three"')
  expect(() => select(areas, { names: ['x'], seed: '' })).toThrow('"x"')
})

test('a sample depends on the seed alone', () => {
  const sample = (seed: string): string[] => names(select(areas, { names: [], sample: 5, seed }))
  expect(sample('1')).toHaveLength(5)
  expect(sample('1')).toEqual(sample('1'))
  expect(sample('1')).not.toEqual(sample('2'))
  expect(names(select(areas, { names: [], sample: 100, seed: '1' }))).toHaveLength(23)
})
