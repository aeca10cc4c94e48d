/**
 * Fuzzes every target of packages/<crate>/fuzz for a while, beginning with the inputs in its `corpus/`.
 *
 *     pnpm fuzz [--seconds 60] [--jobs 1] [--target NAME]
 *
 * The seconds are those of all targets together, of which as many run at a time as there are jobs; building comes on top. An input that breaks a target is kept in
 * target/fuzz/artifacts, and the line printed runs it again. What fuzzing finds goes into `corpus/` with the repair, by hand.
 *
 * Coverage comes from the compiler and the engine from the crate libfuzzer-sys, so any Rust that builds the project will do. There
 * is no address sanitizer, which only nightly Rust has: nothing here is `unsafe`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../../tools/environment.ts'
import { statistics, targetsOf, type FuzzTarget } from './targets.ts'
import { killRunning, runCommand } from '../../tools/run/command.ts'
import { Line } from '../../tools/run/line.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const output: string = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'fuzz')
const minutes = 60_000
/** As cargo-fuzz sets them (`--sanitizer none`). */
const rustFlags: readonly string[] = [
  '--cfg=fuzzing',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
]
/** No input needs more: a target that does keeps what it should not. */
const limits: readonly string[] = ['-timeout=10', '-rss_limit_mb=1024', '-malloc_limit_mb=64', '-max_len=70000']

const {
  seconds: total,
  jobs: jobsWanted,
  target: wanted,
} = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    jobs: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
}).values

function hostTriple(): string {
  const printed = execFileSync('rustc', ['-vV'], { encoding: 'utf8' })
  return /^host: (.+)$/m.exec(printed)?.[1] ?? ''
}

/** Builds all targets of a crate. With `--target` the flags reach neither build scripts nor macros. */
async function build(manifest: string, triple: string): Promise<boolean> {
  const line = new Line(`build ${relative(root, manifest)}`)
  const words = ['cargo', 'build', '--release', '--locked', '--bins', '--manifest-path', manifest]
  const {
    ok,
    output: printed,
    reason,
  } = await runCommand([...words, '--target', triple, '--target-dir', output], {
    cwd: root,
    env: { CARGO_ENCODED_RUSTFLAGS: rustFlags.join('\u001F'), CARGO_TERM_COLOR: 'never' },
    timeoutMs: 30 * minutes,
  })
  line.settle(ok ? 'done' : `failed: ${reason}`)
  if (!ok) process.stdout.write(`${printed.trimEnd()}\n`)
  return ok
}

async function fuzz({ crate, name, corpus }: FuzzTarget, triple: string, seconds: number): Promise<boolean> {
  const line = new Line(`${crate} ${name}`)
  const found = join(output, 'corpus', crate, name)
  const artifacts = join(output, 'artifacts', crate, name)
  for (const folder of [found, artifacts]) mkdirSync(folder, { recursive: true })
  const seeds = existsSync(corpus) ? [corpus] : []
  const program = join(output, triple, 'release', name)
  const options = [`-max_total_time=${seconds}`, `-artifact_prefix=${artifacts}/`, '-print_final_stats=1', ...limits]
  const {
    ok,
    output: printed,
    reason,
  } = await runCommand([program, ...options, found, ...seeds], {
    cwd: root,
    timeoutMs: (seconds + 60) * 1000,
  })
  line.settle(ok ? `passed, ${statistics(printed)}` : `FAILED: ${reason}`)
  if (ok) return true
  process.stdout.write(`${printed.trimEnd().split('\n').slice(-40).join('\n')}\n`)
  for (const file of readdirSync(artifacts)) process.stdout.write(`Again: ${program} ${join(artifacts, file)}\n`)
  return false
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })
}

const targets: FuzzTarget[] = targetsOf(root).filter(({ name }) => wanted === undefined || name === wanted)
const jobs: number = Math.min(Number(jobsWanted), targets.length)
const share: number = Math.max(1, Math.floor((Number(total) * jobs) / targets.length))
if (!(jobs >= 1) || !Number.isFinite(share)) {
  process.stderr.write(
    `Usage: pnpm fuzz [--seconds N] [--jobs N] [--target ${targetsOf(root)
      .map(({ name }) => name)
      .join('|')}]\n`,
  )
  process.exit(2)
}
const triple: string = hostTriple()
const built = new Set<string>()
for (const manifest of new Set(targets.map((target) => target.manifest)))
  if (await build(manifest, triple)) built.add(manifest)
let failed = 0
const waiting = [...targets]
async function worker(): Promise<void> {
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
    if (!built.has(target.manifest) || !(await fuzz(target, triple, share))) failed += 1
}
await Promise.all(Array.from({ length: jobs }, worker))
process.stdout.write(`${targets.length - failed} passed, ${failed} failed\n`)
process.exit(failed === 0 ? 0 : 1)
