/**
 * Measures the gateway against a plain reverse proxy on the same HTTP library, and how many attestations it gives.
 *
 *     pnpm bench:gateway [--json]
 *
 * Builds both (target/, profile `gateway`), runs packages/gateway/examples/load, and prints each bar beside what was measured. It
 * gates nothing: other work on the machine moves every figure but the ratios of one run. With `--json` the last line is one JSON
 * object.
 */
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killRunning, runCommand } from '../tools/run/command.ts'
import { Line } from '../tools/run/line.ts'
import { calibrate } from './calibrate.js'
import { barsOf } from './gateway-load/bars.js'
import { printResult } from './gateway-load/print.js'
import type { Attack, Attestation, CpuCase, Crypto, LoadResult, Memory } from './gateway-load/result.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'gateway')
const minutes = 60_000
const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values

async function step(title: string, words: readonly string[], timeoutMs: number): Promise<string> {
  const line = new Line(title)
  const env = { GATEWAY_PROGRAM: join(target, 'blindllama-gateway') }
  const { ok, output, stdout, reason } = await runCommand(words, { cwd: root, env, timeoutMs })
  line.settle(ok ? 'done' : 'failed')
  if (!ok) throw new Error(`${title}: ${reason}\n${output.trimEnd()}`)
  return stdout
}

async function load<Result>(title: string, measured: string): Promise<Result> {
  return JSON.parse(await step(title, [join(target, 'examples/load'), measured], 5 * minutes)) as Result
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })
}

const cargo =
  'cargo build --quiet --locked --profile gateway -p blindllama-gateway --bin blindllama-gateway --example load'
await step('build', cargo.split(' '), 40 * minutes)
const result: LoadResult = {
  machine: {
    processor: cpus()[0]?.model ?? '',
    cores: cpus().length,
    load: loadavg()[0] ?? 0,
    javascriptMs: calibrate(),
  },
  crypto: await load<Crypto>('cryptography alone', 'crypto'),
  cpu: await load<CpuCase[]>('processor time', 'cpu'),
  memory: await load<Memory>('memory of open streams', 'memory'),
  attestation: await load<Attestation>('attestations', 'attestation'),
  attacks: await load<Attack[]>('genuine requests under attack', 'attacks'),
}
const bars = barsOf(result)
if (json === true) process.stdout.write(`${JSON.stringify({ bars, ...result })}\n`)
else printResult(result, bars)
