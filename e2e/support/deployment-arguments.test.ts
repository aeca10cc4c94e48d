import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readDeployment } from './deployment-arguments.ts'

let folder: string
let policy: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindllama-arguments-'))
  policy = join(folder, 'policy.json')
  await writeFile(policy, '{"version":1}')
})
afterAll(() => rm(folder, { recursive: true }))

test('the words for Playwright pass', async () => {
  expect(await readDeployment(['--project=chromium', 'specs/chat', '-g', 'x'], {})).toEqual({
    rest: ['--project=chromium', 'specs/chat', '-g', 'x'],
  })
})

test('a deployment is read', async () => {
  const words = ['--url', 'https://chat.example/llm', `--policy=${policy}`, '--project=firefox', '--api-key-env', 'KEY']
  const { settings, rest, mistake } = await readDeployment(words, { KEY: 'secret' })
  expect({ rest, mistake }).toEqual({ rest: ['--project=firefox'], mistake: undefined })
  const expected = {
    url: 'https://chat.example/llm/',
    policy: '{"version":1}',
    allowSimulated: false,
    apiKey: 'secret',
  }
  expect(settings).toEqual(expected)
})

test.each([
  [['--url', 'https://chat.example/'], /--policy FILE/],
  [['--policy', 'policy.json'], /--url URL/],
  [['--dangerously-allow-simulated'], /--url URL/],
  [['--url', 'chat.example', '--policy', 'x'], /base URL/],
  [['--url', 'ftp://chat.example/', '--policy', 'x'], /base URL/],
  [['--url', 'https://chat.example/', '--policy', '/nowhere.json'], /no file with JSON/],
  [['--url', 'https://chat.example/', '--policy', 'x', '--api-key-env', 'NOT_SET'], /not set/],
])('%j is a mistake', async (words, message) => {
  const { settings, mistake } = await readDeployment(words, {})
  expect(settings).toBeUndefined()
  expect(mistake).toMatch(message)
})
