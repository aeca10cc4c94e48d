import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { firstLoad } from './first-load.ts'

function page(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'blindllama-size-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'assets'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

it('counts what the page names, what that imports, and the verifier; nothing that is loaded later', () => {
  const folder = page({
    'index.html': '<link href="/favicon.svg"><script src="/assets/a.js"></script><link href="/assets/a.css">',
    'assets/a.js': 'import{b}from"./b.js";import"./c.js";const d=()=>import("./d.js")',
    'assets/a.css': 'a{}',
    'assets/b.js': 'export const b=1',
    'assets/c.js': 'import{b}from"./b.js"',
    'assets/d.js': 'late',
    'assets/v.wasm': 'wasm',
  })
  const texts = firstLoad(folder).map(String)
  expect(texts.toSorted()).toEqual(
    ['wasm', 'a{}', 'export const b=1', 'import{b}from"./b.js"']
      .concat(texts.filter((text) => /<link|import"/.test(text)))
      .toSorted(),
  )
  expect(texts).not.toContain('late')
  expect(texts).toHaveLength(6)
})

it('is an error where a page names no script', () => {
  expect(() => firstLoad(page({ 'index.html': '' }))).toThrow('names no script')
})
