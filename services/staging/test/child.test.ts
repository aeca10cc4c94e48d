import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { isRunning } from '../../../tools/run/is-running.ts'
import { Child } from '../child.ts'
import { testFolder } from './folder.ts'

const never: AbortSignal = new AbortController().signal

function shell(script: string, signal: AbortSignal = never): { child: Child; log: string } {
  const log = join(testFolder(), 'log')
  return { child: new Child({ name: 'the tester', command: 'sh', args: ['-c', script], log, signal }), log }
}

it('waits for a line and keeps all of them in the log', async () => {
  const { child, log } = shell('echo one; echo two >&2; echo ready 42; exec sleep 600')
  expect(await child.line((line) => /ready (\d+)/.exec(line)?.[1], 30_000)).toBe('42')
  await child.stop()
  expect(child.running).toBe(false)
  await expect.poll(() => readFileSync(log, 'utf8').split('\n').sort()).toEqual(['', 'one', 'ready 42', 'two'])
})

it('writes to a process that has an input, and to no other', async () => {
  const about = { name: 'the tester', command: 'sh', args: ['-c', 'read line; echo "got $line"'], signal: never }
  const hearing = new Child({ ...about, log: join(testFolder(), 'log'), input: true })
  hearing.write('text\n')
  expect(await hearing.line((line) => /^got (.*)/.exec(line)?.[1], 30_000)).toBe('text')
  const deaf = new Child({ ...about, log: join(testFolder(), 'log') })
  deaf.write('text\n')
  expect(await deaf.line((line) => /^got (.*)/.exec(line)?.[1], 30_000)).toBe('')
})

it('says what a process printed that ended too early', async () => {
  const { child } = shell('echo no such device >&2; exit 3')
  await expect(child.line(() => undefined, 30_000)).rejects.toThrow(
    /the tester ended before it was ready\.\n {2}no such device/,
  )
})

it('gives up on one that is never ready', async () => {
  const { child } = shell('exec sleep 600')
  await expect(child.until(async () => false, 100)).rejects.toThrow('the tester was not ready in time')
  await child.stop()
})

it('says so when the command does not exist', async () => {
  const log = join(testFolder(), 'log')
  const child = new Child({ name: 'nobody', command: 'no-such-command', args: [], log, signal: never })
  await expect(child.line(() => undefined, 30_000)).rejects.toThrow('nobody ended before it was ready')
})

it('ends a process that ignores the request to end', async () => {
  const { child } = shell(`trap '' TERM; echo ready; while :; do sleep 0.1; done`)
  await child.line((line) => (line === 'ready' ? true : undefined), 30_000)
  await child.stop()
  expect(child.running).toBe(false)
})

it('ends with an abort, also while it is waited for', async () => {
  const abort = new AbortController()
  const { child } = shell('exec sleep 600', abort.signal)
  const waiting = child.line(() => undefined, 30_000)
  abort.abort()
  await expect(waiting).rejects.toThrow('ended before it was ready')
})

it('dies with its parent, even when that is killed hard', async () => {
  const script = fileURLToPath(new URL('parent.ts', import.meta.url))
  const parent = spawn(process.execPath, ['--import', 'tsx', script, testFolder()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const child = Number(line.toString().split(' ')[1])
  await expect.poll(() => readFileSync(`/proc/${child}/comm`, 'utf8')).toBe('sleep\n')
  parent.kill('SIGKILL')
  await expect.poll(() => isRunning(child), { timeout: 30_000 }).toBe(false)
})
