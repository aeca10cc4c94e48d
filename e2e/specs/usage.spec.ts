import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import '../../tools/environment.ts'
import { expect, requestsAt, test } from '../support/test.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the program in the README verifies the service and prints the answer of its model', async ({ staging }) => {
  const before = await requestsAt(staging)
  // The address as `npm start` prints it.
  const program = ['--import', 'tsx', 'examples/minimal/chat.ts', staging.pageUrl, 'Say hello.']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: root, timeout: 60_000 })
  expect(stderr).toContain('(simulated)')
  expect(stdout.trim().length).toBeGreaterThan(1)
  await expect.poll(() => requestsAt(staging)).toBe(before + 1)
})
