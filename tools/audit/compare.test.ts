import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { compareFiles, differences, filesIn } from './compare.ts'

const files = (content: Record<string, string>): Map<string, Uint8Array> =>
  new Map(Object.entries(content).map(([path, text]) => [path, Buffer.from(text)]))

it('finds no difference between equal packages, whatever their types and licences say', () => {
  const one = files({ 'dist/a.js': 'a', 'dist/v.wasm': 'w', 'dist/a.d.ts': 'one' })
  const other = files({ 'dist/v.wasm': 'w', 'dist/a.js': 'a', 'dist/a.d.ts': 'another' })
  const rows = compareFiles(one, other)
  expect(rows.map(({ path }) => path)).toEqual(['dist/a.js', 'dist/v.wasm'])
  expect(differences(rows)).toEqual([])
})

it('names a changed file, one that is missing and one that is too many', () => {
  const one = files({ 'dist/a.js': 'a', 'dist/b.js': 'b', 'dist/v.wasm': 'w' })
  const other = files({ 'dist/a.js': 'A', 'dist/c.mjs': 'c', 'dist/v.wasm': 'w' })
  expect(
    differences(compareFiles(one, other)).map(({ path, rebuilt, published }) => [path, !rebuilt, !published]),
  ).toEqual([
    ['dist/a.js', false, false],
    ['dist/b.js', false, true],
    ['dist/c.mjs', true, false],
  ])
})

it('reads a folder with the folders in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'blindllama-audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'chunks'))
  writeFileSync(join(folder, 'chunks/a.js'), 'a')
  expect([...(await filesIn(folder, 'dist')).keys()]).toEqual(['dist/chunks/a.js'])
})
