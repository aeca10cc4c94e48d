import { join } from 'node:path'
import { PageServer } from '../../services/staging/page-server.ts'
import { Child } from '../../services/staging/child.ts'
import { assertOk } from '../../tools/run/assert-ok.ts'
import { runCommand } from '../../tools/run/command.ts'
import type { Context, Outcome } from './target.ts'

const buildMs = 180_000
const pageMs = 60_000
const programMs = 60_000
const readyMs = 60_000

/** Runs a program of the project, by its name in `node_modules/.bin` or its path. */
export async function build({ folder }: Context, words: readonly string[]): Promise<void> {
  const env = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', CI: '1' }
  const outcome = await runCommand(inProject(folder, words), { cwd: folder, timeoutMs: buildMs, env })
  assertOk(words.join(' '), outcome)
}

/** Runs a program to its end, whose last line on standard output is the outcome. */
export async function program({ folder }: Context, words: readonly string[]): Promise<Outcome> {
  const { ok, output, stdout, reason } = await runCommand(inProject(folder, words), {
    cwd: folder,
    timeoutMs: programMs,
  })
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!ok || !line.startsWith('{')) return { error: `${words[0]}: ${reason}\n${output}` }
  return JSON.parse(line) as Outcome
}

/** Starts a server of the project and waits until it answers. */
export async function serve(context: Context, words: readonly string[]): Promise<string> {
  const { folder, port, undo } = context
  const [command = '', ...args] = inProject(folder, words)
  const origin = `http://127.0.0.1:${port}`
  const controller = new AbortController()
  const child = new Child({
    name: words.join(' '),
    command: 'env',
    args: ['-C', folder, command, ...args],
    env: { HOME: folder, NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' },
    log: join(folder, `server-${port}.log`),
    signal: controller.signal,
  })
  undo.push(async () => {
    await child.stop()
    controller.abort()
  })
  await child.until(async () => (await fetch(origin)).ok, readyMs)
  return origin
}

/** Serves a folder of the project as staging serves its page: under a strict policy, with Trusted Types unless `workers` are started. */
export async function serveFolder(
  { folder, port, serviceOrigin, undo }: Context,
  name: string,
  options: { readonly workers?: boolean } = {},
): Promise<string> {
  const server = await PageServer.start(join(folder, name), port, options)
  undo.push(async () => server.stop())
  server.publish(serviceOrigin, {})
  return server.origin
}

/** Opens a page and waits for `globalThis.outcome`. */
export async function page({ browser, undo }: Context, address: string): Promise<Outcome> {
  const opened = await browser.newPage()
  undo.push(async () => opened.close())
  const said: string[] = []
  opened.on('console', (message) => message.type() === 'error' && said.push(message.text()))
  opened.on('pageerror', (error) => said.push(String(error)))
  await opened.goto(address)
  try {
    const handle = await opened.waitForFunction(() => (globalThis as { outcome?: unknown }).outcome, undefined, {
      timeout: pageMs,
    })
    const outcome = (await handle.jsonValue()) as Outcome
    return outcome.error === undefined ? outcome : { error: [outcome.error, ...said].join('\n') }
  } catch (error) {
    return { error: [String(error), ...said].join('\n') }
  }
}

function inProject(folder: string, [command = '', ...args]: readonly string[]): string[] {
  if (command === 'node') return [process.execPath, ...args]
  return [command.startsWith('/') || command === 'env' ? command : join(folder, 'node_modules', command), ...args]
}
