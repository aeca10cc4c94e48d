import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import '../../environment.ts'
import { isRunning } from '../../run/is-running.ts'
import { testFolder } from './folder.ts'

const script: string = fileURLToPath(new URL('../start.ts', import.meta.url))

interface Run {
  readonly process: ChildProcess
  /** Temporary files of this run alone. */
  readonly temporary: string
  said(): string
  /** Waits until the text stands in what it printed. */
  says(text: string): Promise<void>
  ended(): Promise<number | null>
}

/** `npm start` without set-up. */
function start(...args: string[]): Run {
  const temporary = testFolder()
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    process: child,
    temporary,
    said: () => said,
    says: async (text) => expect.poll(() => said, { timeout: 60_000, interval: 20 }).toContain(text),
    ended: async () => ended,
  }
}

/** Process ids of all that it has started, without the compiler of tsx, which comes and goes. */
function childrenOf(pid: number | undefined): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return children.flatMap((id) => (id === '' || nameOf(Number(id)) === 'esbuild' ? [] : Number(id)))
}

function nameOf(id: number): string {
  return readFileSync(`/proc/${id}/comm`, 'utf8').trim()
}

async function expectNothingLeft(children: readonly number[]): Promise<void> {
  await expect.poll(() => children.filter(isRunning), { timeout: 5000 }).toEqual([])
}

it('ends with a clear address, and with Ctrl-C leaves nothing behind', async () => {
  const run = start('--port', '0')
  await run.says('Ctrl-C ends everything.')
  const address = /Open {4}(http:\S+)/.exec(run.said())?.[1] ?? ''
  expect((await fetch(address)).status).toBe(200)
  const children = childrenOf(run.process.pid)
  expect(children.map(nameOf).toSorted()).toEqual(['blindllama-gate', 'node', 'swtpm'])
  run.process.kill('SIGINT')
  expect(await run.ended()).toBe(130)
  await expectNothingLeft(children)
  expect(readdirSync(run.temporary).filter((name) => name.startsWith('blindllama-'))).toEqual([])
})

it('leaves no process behind when it is killed hard', async () => {
  const run = start('--port', '0')
  await run.says('Ctrl-C ends everything.')
  const children = childrenOf(run.process.pid)
  expect(children).toHaveLength(3)
  run.process.kill('SIGKILL')
  await expectNothingLeft(children)
})

it.each(['software TPM ready', 'measuring model', 'model loaded'])(
  'leaves nothing behind when it is ended at "%s"',
  async (moment) => {
    const run = start('--port', '0')
    await run.says(moment)
    const children = childrenOf(run.process.pid)
    expect(children.length).toBeGreaterThan(0)
    run.process.kill('SIGTERM')
    expect(await run.ended()).toBe(143)
    await expectNothingLeft(children)
    expect(readdirSync(run.temporary).filter((name) => name.startsWith('blindllama-'))).toEqual([])
  },
)

it('says so and ends when one of its processes ends', async () => {
  const run = start('--port', '0')
  await run.says('Ctrl-C ends everything.')
  const children = childrenOf(run.process.pid)
  const tpm = children.find((id) => nameOf(id) === 'swtpm')
  process.kill(tpm!, 'SIGKILL')
  expect(await run.ended()).toBe(1)
  expect(run.said()).toContain('the software TPM (swtpm) has ended')
  await expectNothingLeft(children)
})

it('says how to choose another port when its own is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const run = start('--port', String(port))
  expect(await run.ended()).toBe(1)
  expect(run.said().trim()).toBe(`Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`)
})

it('explains its options', async () => {
  const run = start('--help')
  expect(await run.ended()).toBe(0)
  expect(run.said()).toContain('--upstream URL')
})

it.each([
  [['--port', 'http'], '--port must be a number'],
  [['--upstream', 'localhost'], '--upstream must be an address'],
  [['--colour'], "Unknown option '--colour'"],
])('refuses %j with a sentence', async (args, sentence) => {
  const run = start(...args)
  expect(await run.ended()).toBe(1)
  expect(run.said()).toContain(sentence)
  expect(run.said()).not.toMatch(/^ +at /m)
})

it('does not begin without what was built, and says how to get it', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, '--port', '0'], {
    env: { ...process.env, CARGO_TARGET_DIR: testFolder() },
  })
  const [message] = (await once(child.stderr, 'data')) as [Buffer]
  expect(message.toString()).toMatch(/blindllama-gateway is missing\. Run: npm run setup\n$/)
})
