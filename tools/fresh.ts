/**
 * Runs both commands of the README on a machine where nobody has been: a Debian 12 made by debootstrap, with git and Node 20.
 *
 *     sudo pnpm test:fresh [--keep] [--reuse]
 *
 * Tests what is committed. Takes root, 15 GB of disk and, on two cores, about an hour. `--keep` leaves the machine in
 * target/fresh/root; `--reuse` begins with the base system of a machine that was kept. What was printed is in target/fresh/*.log.
 *
 * `npm start` must print its address; the page must then answer, a program must get an answer of the model through the proven
 * channel, and a script that needs the tools of set-up must run in another shell. `npm test` must end with nothing failed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import './environment.ts'
import { cloneInto, inside, isMounted, makeRoot, strangerEnvironment } from './fresh/root.ts'
import { Session } from './fresh/session.ts'
import { Line } from './run/line.ts'

const minutes = 60_000
const root: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const place: string = join(root, 'target/fresh')
const machine: string = join(place, 'root')
const { keep, reuse } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, reuse: { type: 'boolean', default: false } },
}).values
const times: [what: string, ms: number][] = []
const sessions: Session[] = []

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const line = new Line(what, { moves: false })
  const started = performance.now()
  const result = await work()
  times.push([what, performance.now() - started])
  line.settle('done')
  return result
}

function session(name: string, script: string): Session {
  process.stdout.write(`\n${name}\n`)
  const words = inside(machine, strangerEnvironment(root), `cd ${clone} && ${script}`)
  const started = new Session(words, join(place, `${name.replaceAll(/\W+/g, '-')}.log`))
  sessions.push(started)
  return started
}

/** A command of somebody who sits at the machine; it must succeed. */
async function succeed(name: string, script: string, timeoutMs: number): Promise<Session> {
  const started = session(name, script)
  const status = await started.end(timeoutMs)
  if (status !== 0) throw new Error(`${name}: ended with status ${status}`)
  return started
}

async function runStart(): Promise<void> {
  // In a process group of its own, so that it gets its Ctrl-C as from a terminal.
  const start = session('npm start', 'set -m; npm start & read -r _; kill -INT -- -$!; wait $!; echo "ended with $?"')
  const address = await start.line(/^\s*Open\s+(http:\S+)/, 60 * minutes)
  times.push(['npm start, until it prints the address', start.elapsedMs])
  const page = await fetch(address[1] ?? '', { signal: AbortSignal.timeout(minutes) })
  if (page.status !== 200) throw new Error(`the page answered ${page.status}`)
  const chat = await succeed('program', `node --import tsx examples/minimal/chat.ts ${address[1]}`, 5 * minutes)
  if (chat.lines.join('').length < 20) throw new Error('the program got no answer of the model')
  await succeed(
    'scripts',
    'npm run --silent vectors:bundle && node packages/cli/dist/blindllama.js --help',
    10 * minutes,
  )
  start.tell('stop')
  await start.line(/^ended with (?:0|130)$/, minutes)
}

async function runTest(): Promise<void> {
  const test = await succeed('npm test', 'npm test', 120 * minutes)
  times.push(['npm test', test.elapsedMs])
  const last = test.lines.findLast((line) => /^\d+ passed, 0 failed/.test(line))
  if (last === undefined) throw new Error('npm test: no line says that nothing failed')
  process.stdout.write(`\n${last}\n`)
}

function remove(): void {
  if (isMounted(machine)) throw new Error(`Something is mounted below ${machine}: unmount it first`)
  // Node removes the million files of a machine one by one, which takes many times as long.
  execFileSync('rm', ['-rf', '--one-file-system', '--', machine])
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    for (const started of sessions) started.kill()
    process.exit(130)
  })

if (process.getuid?.() !== 0) {
  process.stderr.write('Root is needed, for debootstrap and chroot. Run: sudo pnpm test:fresh\n')
  process.exit(2)
}
if (!existsSync('/usr/sbin/debootstrap')) {
  process.stderr.write('debootstrap is missing. Run: sudo apt-get install --no-install-recommends debootstrap\n')
  process.exit(2)
}
if (execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }) !== '')
  process.stdout.write('What is not committed is not tested.\n')

mkdirSync(place, { recursive: true })
const base = join(place, 'base.tar')
remove()
if (reuse && existsSync(base)) {
  mkdirSync(machine, { recursive: true })
  await timed('base system, from before', async () => void execFileSync('tar', ['-xf', base, '-C', machine]))
} else {
  await timed('base system', async () => makeRoot(machine))
  execFileSync('tar', ['-cf', base, '-C', machine, '.'])
}
const clone: string = await cloneInto(machine, root)
try {
  await runStart()
  await runTest()
} finally {
  for (const started of sessions) started.kill()
  process.stdout.write(
    `\n${times.map(([what, ms]) => `${what}: ${Math.floor(ms / minutes)} min ${Math.round((ms % minutes) / 1000)} s`).join('\n')}\n`,
  )
  if (!keep) remove()
}
