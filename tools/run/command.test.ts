import { expect, it } from 'vitest'
import { runCommand } from './command.ts'
import { isRunning } from './is-running.ts'

const here = { cwd: process.cwd(), timeoutMs: 60_000 }

it('keeps both outputs, and standard output apart', async () => {
  const outcome = await runCommand(['sh', '-c', 'echo out; echo err >&2'], here)
  expect(outcome.ok).toBe(true)
  expect(outcome.stdout).toBe('out\n')
  expect(outcome.output.split('\n').toSorted()).toEqual(['', 'err', 'out'])
})

it('says how a command failed', async () => {
  expect(await runCommand(['sh', '-c', 'exit 7'], here)).toMatchObject({ ok: false, reason: 'ended with status 7' })
  expect(await runCommand(['no-such-command'], here)).toMatchObject({ ok: false })
})

it('ends a command that takes too long, and whatever it has started', async () => {
  const outcome = await runCommand(['sh', '-c', 'sleep 600 & echo $!; wait'], { ...here, timeoutMs: 2000 })
  expect(outcome).toMatchObject({ ok: false, reason: 'took longer than 2 s' })
  // Without the end of what it has started, the pipes would stay open for its ten minutes.
  expect(outcome.elapsedMs).toBeLessThan(60_000)
  expect(outcome.stdout).toMatch(/^\d+\n$/)
  await expect.poll(() => isRunning(Number(outcome.stdout))).toBe(false)
})
