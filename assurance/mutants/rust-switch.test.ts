import { expect, test } from 'vitest'
import type { Mutant } from './mutant.ts'
import { functions, withoutLiterals } from '../../tools/source/rust-functions.ts'
import { switched } from './rust-switch.ts'

const mutant = (name: string, find: string, replace: string): Mutant => ({
  name,
  file: 'f.rs',
  find,
  replace,
  tests: ['lib'],
})
const spaces = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

test('braces in comments, strings and characters do not count', () => {
  const source = [
    `let a = "{\\"{"; // {`,
    `/* { /* { */ { */ let b = r#"{"{"#;`,
    `let c = '{'; let d = b'{'; let e = '\\''; let f = '\\u{7b}'; let g: &'static str = br"{";`,
    `fn x<'a>(y: &'a str) -> &'a str { y }`,
  ].join('\n')
  const text = withoutLiterals(source)
  expect(text.length).toBe(source.length)
  expect(text.replaceAll(/[^{}]/g, '')).toBe('{}')
  expect(text).toContain(`fn x<'a>(y: &'a str) -> &'a str { y }`)
})

test('a function is found with its body; a declaration has none', () => {
  const source = 'trait T { fn a(&self) -> [u8; 2]; fn b(self) -> u8 where Self: Sized { if true { 1 } else { 2 } } }'
  expect(functions(source).map(({ open, close }) => source.slice(open, close + 1))).toEqual([
    '{ if true { 1 } else { 2 } }',
  ])
})

test('a function chooses its body by the active mutant', () => {
  const source = 'fn f(x: u8) -> bool { x > 1 && x < 9 }\nfn g() {}\n'
  const mutants = [mutant('low', 'x > 1 && ', ''), mutant('high', ' && x < 9', '')]
  expect(spaces(switched(source, mutants, 'is'))).toBe(
    'fn f(x: u8) -> bool { if is("low") { x < 9 } else if is("high") { x > 1 } else { x > 1 && x < 9 } } fn g() {}',
  )
})

test('functions inside of functions and constant ones are switched too', () => {
  const source = 'const fn f() -> u8 { const fn g() -> u8 { 1 } g() + 2 }\nfn h() -> u8 { 4 }'
  const fitting = [mutant('outer', '+ 2', '+ 3'), mutant('inner', ' 1 ', ' 7 '), mutant('last', '4', '5')]
  expect(spaces(switched(source, fitting, 'is'))).toBe(
    spaces(`fn f() -> u8 { if is("outer") { const fn g() -> u8 { 1 } g() + 3 } else
      { fn g() -> u8 { if is("inner") { 7 } else { 1 } } g() + 2 } }
      fn h() -> u8 { if is("last") { 5 } else { 4 } }`),
  )
})

test('what a switch cannot select is refused', () => {
  expect(() => switched('const A: u8 = 1;', [mutant('m', '1', '2')], 'is')).toThrow('set "whole"')
  expect(() => switched('fn f() -> impl Copy { 1 }', [mutant('m', '1', '2')], 'is')).toThrow('set "whole"')
  expect(() => switched('fn f() -> u8 { 1 }', [mutant('m', 'u8', 'u16')], 'is')).toThrow('set "whole"')
})
