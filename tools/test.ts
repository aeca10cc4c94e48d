/**
 * `npm test`: runs every stage, and at the end says in one line how many tests passed and failed.
 *
 *     npm test                        everything
 *     npm test -- --only "Rust tests" one stage; --list names them
 */
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { killRunning, runCommand } from './run/command.ts'
import { Line } from './run/line.ts'
import type { Count } from './test/count.ts'
import { stages, type Stage } from './test/stages.ts'

interface Result extends Count {
  readonly name: string
  readonly elapsedMs: number
}

const root: string = fileURLToPath(new URL('..', import.meta.url))
const { only, list } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } }).values
const chosen: Stage[] = stages(root).filter(({ name }) => only === undefined || name === only)

async function run(stage: Stage): Promise<Result> {
  const line = new Line(stage.name)
  const cwd = fileURLToPath(new URL(`../${stage.folder ?? ''}`, import.meta.url))
  const { ok, output, reason, elapsedMs } = await runCommand(stage.command, {
    cwd,
    env: { FORCE_COLOR: '0', NO_COLOR: '1', CARGO_TERM_COLOR: 'never' },
    timeoutMs: stage.timeoutMs,
  })
  const printed = stripVTControlCharacters(output)
  const count = judge(ok, stage.count?.(printed), stage.count !== undefined)
  const good = count.failed === 0
  line.settle(good ? `${count.passed} passed` : `${count.failed} failed`)
  if (!good) process.stdout.write(`${printed.trimEnd()}\n\n${stage.name}: ${why(ok, reason, count)}\n\n`)
  return { name: stage.name, elapsedMs, ...count }
}

/** A stage that ran nothing, left something out, or failed beside its tests has not passed, whatever it counted. */
function judge(ok: boolean, counted: Count | undefined, mustCount: boolean): Count {
  if (counted === undefined) return { passed: ok && !mustCount ? 1 : 0, failed: ok && !mustCount ? 0 : 1, skipped: 0 }
  const failed = counted.failed + counted.skipped
  const empty = counted.passed + failed === 0
  return { ...counted, failed: failed === 0 && (!ok || empty) ? 1 : failed }
}

function why(ok: boolean, reason: string, count: Count): string {
  if (!ok) return reason
  return count.skipped > 0 ? `${count.skipped} tests were left out` : 'no test was run'
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })
}

if (list === true) {
  process.stdout.write(`${chosen.map(({ name }) => name).join('\n')}\n`)
  process.exit(0)
}
if (chosen.length === 0) {
  process.stderr.write(`There is no stage ${JSON.stringify(only)}: --list names them.\n`)
  process.exit(2)
}

const started: number = performance.now()
const results: Result[] = []
for (const stage of chosen) results.push(await run(stage))

const width: number = Math.max(...results.map(({ name }) => name.length))
process.stdout.write('\n')
for (const { name, passed, failed, elapsedMs } of results) {
  const mark = failed === 0 ? 'ok    ' : 'FAILED'
  const seconds = (elapsedMs / 1000).toFixed(1).padStart(6)
  process.stdout.write(`${mark}  ${name.padEnd(width)}  ${seconds} s  ${passed} passed, ${failed} failed\n`)
}
const passed: number = results.reduce((sum, result) => sum + result.passed, 0)
const failed: number = results.reduce((sum, result) => sum + result.failed, 0)
process.stdout.write(`\n${((performance.now() - started) / 1000).toFixed(0)} s\n${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 ? 0 : 1)
