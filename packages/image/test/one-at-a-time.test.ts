import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { oneAtATime } from '../build/one-at-a-time.ts'
import '../../../tools/environment.ts'

const folder = mkdtempSync(join(tmpdir(), 'blindllama-lock-'))
const file = join(folder, 'deep/builds.lock')
afterAll(() => rmSync(folder, { recursive: true }))

test('two builds run one after the other, and the second says why it waits', async () => {
  const said: string[] = []
  const seen: string[] = []
  const build = (name: string, work: Promise<void>) => async (): Promise<void> => {
    seen.push(`${name} begins`)
    await work
    seen.push(`${name} ends`)
  }
  let speak: (() => void) | undefined
  const spoken = new Promise<void>((resolve) => (speak = resolve))
  const first = oneAtATime(file, () => {}, build('first', spoken))
  await expect.poll(() => seen.length).toBe(1)
  const hear = (message: string): void => {
    said.push(message)
    speak?.()
  }
  await Promise.all([first, oneAtATime(file, hear, build('second', Promise.resolve()))])
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  expect(said).toEqual(['waiting for another process that does the same'])
})

test('a build that fails, or whose process is killed, holds nobody up', async () => {
  await expect(
    oneAtATime(
      file,
      () => {},
      async () => Promise.reject(new Error('broken')),
    ),
  ).rejects.toThrow('broken')
  const module = new URL('../build/one-at-a-time.ts', import.meta.url).href
  const code = `
    const { oneAtATime } = await import('${module}')
    await oneAtATime(process.argv[1], () => {}, async () => { console.log('inside'); await new Promise(() => setInterval(() => {}, 1000)) })`
  const other = spawn('node', ['--import', 'tsx', '--input-type=module', '--eval', code, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(other.stdout, 'data')
  other.kill('SIGKILL')
  expect(
    await oneAtATime(
      file,
      () => {},
      async () => Promise.resolve('built'),
    ),
  ).toBe('built')
})
