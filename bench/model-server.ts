/**
 * Measures the two builds of `llama-server` in the measured image against each other, natively on this machine: the image's model, the
 * image's settings with one thread, one request at a time, in interleaved rounds whose order alternates.
 *
 *     pnpm bench:model-server [--json] [--rounds 5]
 *
 * Prints quartiles of tokens per second for the prompt and for the answer, and gates nothing. Builds the servers where the cache of the
 * image has none (about six minutes). Needs a processor with AVX2.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { llamaServers, type ModelServers } from '../packages/image/build/llama-server.ts'
import { serverArguments } from '../packages/image/build/model-disk.ts'
import { artifacts, modelId } from '../services/staging/artifacts.ts'
import { Child } from '../services/staging/child.ts'
import { freePorts } from '../services/staging/ports.ts'
import { type Quartiles, quartiles } from './statistics.js'

type Build = keyof ModelServers

/** Tokens per second, as the server counts them. */
interface Speed {
  readonly prompt: number
  readonly answer: number
}

/** About 400 tokens, as a conversation of a few turns has. */
const question = 'Tell a story about a lighthouse, a storm and the ship that it saved. '.repeat(24)
const answerTokens = 64
const readyMs = 60_000
const answerMs = 120_000

const { json = false, rounds: text = '5' } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string' } },
}).values
if (!/^[1-9]\d?$/.test(text)) throw new Error(`--rounds: a number from 1 to 99 is expected, and not '${text}'`)
const rounds = Number(text)

/** The image's server listens at a UNIX socket, which `fetch` does not reach. */
function argumentsAt(port: number): string[] {
  const words = [...serverArguments, '--alias', modelId]
  const set = (name: string, value: string): void => void words.splice(words.indexOf(name) + 1, 1, value)
  set('--model', artifacts.model)
  set('--host', '127.0.0.1')
  // In the image it is the number of processors; here two servers wait beside each other.
  return [...words, '--threads', '1', '--port', String(port)]
}

async function start(program: string, folder: string, signal: AbortSignal): Promise<{ child: Child; url: string }> {
  const [port = 0] = await freePorts(1)
  const log = join(folder, `llama-server-${port}.log`)
  const child = new Child({ name: 'llama-server', command: program, args: argumentsAt(port), log, signal })
  const url = `http://127.0.0.1:${port}`
  await child.until(async () => (await fetch(`${url}/health`)).ok, readyMs)
  return { child, url }
}

async function ask(url: string): Promise<Speed> {
  const response = await fetch(`${url}/completion`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: question, n_predict: answerTokens, ignore_eos: true, seed: 1 }),
    signal: AbortSignal.timeout(answerMs),
  })
  const { timings } = (await response.json()) as {
    readonly timings: { readonly prompt_per_second: number; readonly predicted_per_second: number }
  }
  return { prompt: timings.prompt_per_second, answer: timings.predicted_per_second }
}

const folder = await mkdtemp(join(tmpdir(), 'blindllama-bench-'))
const abort = new AbortController()
const speeds: Record<Build, Speed[]> = { sse2: [], avx2: [] }
try {
  const programs = await llamaServers((message) => void process.stderr.write(`  ${message}\n`))
  const servers = {
    sse2: await start(programs.sse2, folder, abort.signal),
    avx2: await start(programs.avx2, folder, abort.signal),
  }
  for (const { url } of Object.values(servers)) await ask(url)
  for (let round = 0; round < rounds; round += 1)
    for (const build of round % 2 === 0 ? (['sse2', 'avx2'] as const) : (['avx2', 'sse2'] as const))
      speeds[build].push(await ask(servers[build].url))
  for (const { child } of Object.values(servers)) await child.stop()
} finally {
  abort.abort()
  await rm(folder, { recursive: true, force: true })
}

const of = (build: Build, what: keyof Speed): Quartiles => quartiles(speeds[build].map((speed) => speed[what]))
/** Round by round: what the machine does meanwhile falls on both. */
const gain = (what: keyof Speed): Quartiles =>
  quartiles(speeds.avx2.map((speed, round) => speed[what] / (speeds.sse2[round]?.[what] ?? Number.NaN)))
const figures = Object.fromEntries(
  (['prompt', 'answer'] as const).map((what) => [
    what,
    { sse2: of('sse2', what), avx2: of('avx2', what), gain: gain(what) },
  ]),
)
const [load = 0] = loadavg()
if (json) process.stdout.write(`${JSON.stringify({ load, rounds, figures })}\n`)
else {
  process.stdout.write(`load ${load.toFixed(1)}, ${rounds} rounds; tokens per second\n`)
  for (const [what, rows] of Object.entries(figures)) {
    process.stdout.write(`  ${what}\n`)
    for (const [name, { q1, median, q3 }] of Object.entries(rows))
      process.stdout.write(
        `    ${name.padEnd(5)} ${median.toFixed(2).padStart(8)}  [${q1.toFixed(2)} … ${q3.toFixed(2)}]\n`,
      )
  }
}
