import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../environment.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let clone: string

function git(...args: string[]): { status: number | null; output: string } {
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
  const { status, stdout, stderr } = spawnSync('git', [...author, ...args], { cwd: clone, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindllama-hooks-'))
  clone = join(folder, 'clone')
  spawnSync('git', ['clone', '--quiet', '--shared', root, clone])
  for (const path of ['', 'tools/']) symlinkSync(join(root, path, 'node_modules'), join(clone, path, 'node_modules'))
  const { scripts } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { scripts: { hooks: string } }
  expect(spawnSync('sh', ['-c', scripts.hooks], { cwd: clone }).status).toBe(0)
})

afterAll(() => rmSync(folder, { recursive: true }))

it('lets a formatted change be committed', () => {
  writeFileSync(join(clone, 'tools/sample.ts'), 'export const answer: number = 42\n')
  expect(git('add', 'tools/sample.ts').status).toBe(0)
  expect(git('commit', '--quiet', '--message', 'tools: add a sample')).toEqual({
    status: 0,
    output: expect.any(String),
  })
}, 60_000)

it('refuses a change that is not formatted, and names the file', () => {
  writeFileSync(join(clone, 'tools/sample.ts'), 'export const answer   = 42;\n')
  const { status, output } = git('commit', '--quiet', '--all', '--message', 'tools: change the sample')
  expect(status).not.toBe(0)
  expect(output).toContain('tools/sample.ts')
}, 60_000)

it('refuses a page of Markdown whose prose is not wrapped, and names the page', () => {
  expect(git('checkout', '--quiet', '.').status).toBe(0)
  writeFileSync(join(clone, 'tools/sample.md'), `${'word '.repeat(30)}\n`)
  git('add', 'tools/sample.md')
  const { status, output } = git('commit', '--quiet', '--message', 'tools: add a page')
  expect(status).not.toBe(0)
  expect(output).toContain('tools/sample.md')
  git('rm', '--quiet', '--force', 'tools/sample.md')
}, 60_000)

it('refuses a change to the registry of codes without what is generated from it', () => {
  expect(git('checkout', '--quiet', '.').status).toBe(0)
  const path = join(clone, 'spec/codes.toml')
  writeFileSync(path, readFileSync(path, 'utf8').replace('The check passed.', 'This check passed.'))
  const { status, output } = git('commit', '--quiet', '--all', '--message', 'verifier: change a sentence')
  expect(status).not.toBe(0)
  expect(output).toContain('stale')
}, 60_000)
