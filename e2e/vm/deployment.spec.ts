import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signedMachinePolicy } from '../../services/machine/golden.ts'
import { expect, test } from './signed.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** What one Playwright tells the processes below it would make another one a worker of it. */
const isOurs = (name: string): boolean => !/^(?:TEST_|PW_|PLAYWRIGHT_|E2E_|FORCE_COLOR|NODE_OPTIONS)/.test(name)

/** Runs the command of a stranger; gives its status and what it printed last. */
async function run(words: readonly string[]): Promise<{ status: number | null; said: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => isOurs(name)))
  const child = spawn(process.execPath, ['--import', 'tsx', 'e2e/run.ts', ...words], { cwd: root, env })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-8000)))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, said }
}

test('the scenarios for any deployment pass against a machine under a signed release', async ({
  machines,
  publisher,
  documents,
  configuration,
  folder,
}) => {
  const { url, akName, stop } = await machines.boot({ documents, configuration })
  try {
    const policy = join(folder, 'policy.json')
    await writeFile(policy, signedMachinePolicy(akName, machines.configDigest, publisher.trust()))
    const where = ['--url', url, '--policy', policy, '--dangerously-allow-simulated', '--project=chromium']
    const { status, said } = await run([...where, '--json'])
    expect(status, said).toBe(0)
    const [last = ''] = said.trim().split('\n').slice(-1)
    const { passed, failed } = JSON.parse(last) as { passed: number; failed: number }
    expect(failed).toBe(0)
    expect(passed, 'scenarios').toBeGreaterThanOrEqual(6)
  } finally {
    await stop()
  }
})
