import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import '../../../tools/environment.ts'
import { isRunning } from '../../../tools/run/is-running.ts'
import { freePorts } from '../ports.ts'
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
  await expect.poll(() => children.filter(isRunning), { timeout: 30_000 }).toEqual([])
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

it('lets pages of every --origin call the gateway, and no others', async () => {
  const origins = ['http://localhost:5173', 'http://127.0.0.1:3000']
  const run = start('--port', '0', ...origins.flatMap((origin) => ['--origin', origin]))
  await run.says('Ctrl-C ends everything.')
  const gateway = /Gateway (http:\S+)/.exec(run.said())?.[1] ?? ''
  expect(run.said()).toContain(`policy init --url ${gateway}`)
  const allowed = async (origin: string): Promise<string | null> => {
    const address = `${gateway}blindllama/v1/evidence?nonce=${Buffer.alloc(32, 7).toString('base64url')}&v=1`
    return (await fetch(address, { headers: { origin } })).headers.get('access-control-allow-origin')
  }
  for (const origin of origins) expect(await allowed(origin)).toBe(origin)
  expect(await allowed('http://localhost:5174')).not.toBe('http://localhost:5174')
  run.process.kill('SIGINT')
  expect(await run.ended()).toBe(130)
})

it('explains its options', async () => {
  const run = start('--help')
  expect(await run.ended()).toBe(0)
  expect(run.said()).toContain('--upstream URL')
})

it.each([
  [['--port', 'http'], '--port must be a number'],
  [['--port', '6000'], '--port 6000 is one that browsers open for no page'],
  [['--port', '4190'], 'Choose another one'],
  [['--origin', 'localhost:5173'], '--origin localhost:5173 must be an origin like http://localhost:5173'],
  [['--origin', 'http://localhost:5173/'], 'must be an origin without a path: http://localhost:5173'],
  [['--origin', 'https://a.example', '--origin', '*'], '--origin * must be an origin'],
  [['--upstream', 'localhost'], '--upstream must be an address'],
  [['--colour'], "Unknown option '--colour'"],
])('refuses %j with a sentence', async (args, sentence) => {
  const run = start(...args)
  expect(await run.ended()).toBe(1)
  expect(run.said()).toContain(sentence)
  expect(run.said()).not.toMatch(/^ +at /m)
})

/** A server elsewhere that answers as `answer` says; its base address. */
async function elsewhere(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const models: RequestListener = ({ url }, response) => {
  if (url === '/v1/models') response.setHeader('content-type', 'application/json').end('{"data":[{"id":"m"}]}')
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
}
const page: RequestListener = (_, response) =>
  void response.setHeader('content-type', 'text/html').end('<!doctype html>')
const locked: RequestListener = (_, response) => void response.writeHead(401).end('{"error":{}}')

it.each<[what: string, answer: RequestListener, path: string, told: (base: string) => string]>([
  [
    'an address with /v1',
    models,
    '/v1',
    (base) => `${base}/v1/v1/models answers 404; leave out the /v1 at its end: --upstream ${base}`,
  ],
  [
    'a page',
    page,
    '',
    (base) => `${base}/v1/models answers 200 with text/html that lists no model; name the base address of`,
  ],
  ['a key that is asked for', locked, '', (base) => `${base}/v1/models answers 401: the server asks for an API key;`],
])('says in one sentence what is wrong with the server elsewhere: %s', async (_, answer, path, told) => {
  const base = await elsewhere(answer)
  const run = start('--port', '0', '--upstream', `${base}${path}`)
  expect(await run.ended()).toBe(1)
  expect(run.said().trim().split('\n')).toEqual([expect.stringContaining(`--upstream ${base}${path}: ${told(base)}`)])
  expect(readdirSync(run.temporary).filter((name) => name.startsWith('blindllama-'))).toEqual([])
})

it('says in one sentence that nobody listens at the server elsewhere', async () => {
  const [port = 0] = await freePorts(1)
  const run = start('--port', '0', '--upstream', `http://127.0.0.1:${port}`)
  expect(await run.ended()).toBe(1)
  expect(run.said().trim().split('\n')).toEqual([
    expect.stringMatching(`127.0.0.1:${port}/v1/models cannot be reached \\(ECONNREFUSED\\); start the server first`),
  ])
})

it('begins before a server elsewhere', async () => {
  const run = start('--port', '0', '--upstream', `${await elsewhere(models)}/`)
  await run.says('Ctrl-C ends everything.')
  expect(run.said()).toContain('Model   m (outside what is proven)')
  run.process.kill('SIGINT')
  expect(await run.ended()).toBe(130)
})

it('does not begin without what was built, and says how to get it', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, '--port', '0'], {
    env: { ...process.env, CARGO_TARGET_DIR: testFolder() },
  })
  const [message] = (await once(child.stderr, 'data')) as [Buffer]
  expect(message.toString()).toMatch(/blindllama-gateway is missing\. Run: npm run setup\n$/)
})
