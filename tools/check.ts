/**
 * `npm test`: runs every stage, and at the end says in one line how many tests passed, failed and were skipped.
 *
 *     npm test                        everything
 *     npm test -- --only "Rust tests" one stage; --list names them
 *
 * A test that was skipped, because evidence of others does not lie beside the checkout, fails the run where CI or REQUIRE_EVIDENCE is set.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { killRunning, runCommand } from './run/command.ts'
import { Line } from './run/line.ts'
import { claimsOf, isOfMachines, unheld } from './check/claims.ts'
import type { Count } from './check/count.ts'
import { failuresOf } from './check/failures.ts'
import { drawSpan, runLanes, type Span } from './check/lanes.ts'
import type { PassedTest } from './check/ran.ts'
import { reports, stages, type Stage } from './check/stages.ts'

interface Result extends Count, Span {
  readonly name: string
  readonly tests: readonly PassedTest[]
  readonly sources?: string
  /** What to read first where it failed. */
  readonly failures?: string
}

const root: string = fileURLToPath(new URL('..', import.meta.url))
const { only, list } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } }).values
const chosen: Stage[] = stages(root).filter(({ name }) => only === undefined || name === only)
/** Nothing may be skipped where this is set. */
const strict: boolean = [process.env['CI'], process.env['REQUIRE_EVIDENCE']].some((value) => (value ?? '') !== '')

async function run(stage: Stage): Promise<Result> {
  // Side by side, lines that move would overwrite each other.
  const line = new Line(stage.name, { moves: chosen.length === 1 })
  const cwd = join(root, stage.folder ?? '')
  const skips = join(root, reports, `${stage.name.replaceAll(/\W/g, '-')}.skipped`)
  const fromMs = performance.now() - started
  const { ok, output, reason } = await runCommand(stage.command, {
    cwd,
    env: { FORCE_COLOR: '0', NO_COLOR: '1', CARGO_TERM_COLOR: 'never', TEST_SKIPS: skips },
    timeoutMs: stage.timeoutMs,
  })
  const toMs = performance.now() - started
  const printed = stripVTControlCharacters(output)
  const skipped = existsSync(skips) ? readFileSync(skips, 'utf8').trimEnd().split('\n') : []
  const counted = stage.count?.(printed)
  const count = judge(ok, counted && moved(counted, skipped.length), stage.count !== undefined)
  const good = count.failed === 0
  line.settle(`${good ? `${count.passed} passed` : `${count.failed} failed`}${withSkipped(count.skipped)}`)
  for (const name of skipped) process.stdout.write(`    skipped: ${name}\n`)
  if (!good) process.stdout.write(`${printed.trimEnd()}\n\n${stage.name}: ${why(ok, reason, count)}\n\n`)
  const tests = (stage.passed?.(root, printed) ?? []).filter(({ name }) => !isSkipped(name, skipped))
  return {
    name: stage.name,
    fromMs,
    toMs,
    tests,
    ...count,
    ...(good && stage.sources && { sources: stage.sources }),
    ...(!good && { failures: failuresOf(`${printed.trimEnd()}\n${stage.name}: ${why(ok, reason, count)}`) }),
  }
}

/** A test of Rust can only pass or fail: those that were skipped say so in a file of their own. */
function moved(count: Count, skipped: number): Count {
  return { ...count, passed: count.passed - skipped, skipped: count.skipped + skipped }
}

/** A test of Rust that was skipped has printed `ok`. Its line begins with its crate and its name. */
function isSkipped(test: string, skipped: readonly string[]): boolean {
  return skipped.some((line) => /^\S+ ([^\s]+): /.exec(line)?.[1] === test)
}

/** A stage that ran nothing, left something out where nothing may be, or failed beside its tests has not passed, whatever it counted. */
function judge(ok: boolean, counted: Count | undefined, mustCount: boolean): Count {
  if (counted === undefined) return { passed: ok && !mustCount ? 1 : 0, failed: ok && !mustCount ? 0 : 1, skipped: 0 }
  const failed = counted.failed + (strict ? counted.skipped : 0)
  const empty = counted.passed + failed === 0
  return { ...counted, failed: failed === 0 && (!ok || empty) ? 1 : failed }
}

function why(ok: boolean, reason: string, count: Count): string {
  if (!ok) return reason
  return count.skipped > 0 ? `${count.skipped} tests were skipped` : 'no test was run'
}

function withSkipped(skipped: number): string {
  return skipped > 0 ? `, ${skipped} skipped` : ''
}

/** Holds the documents to the tests that passed in this run. Needs all stages. */
function checkClaims(results: readonly Result[]): Result {
  const line = new Line('claims of the documents')
  const fromMs = performance.now() - started
  const claims = claimsOf(root).filter((claim) => !isOfMachines(claim))
  const passed = results.flatMap(({ tests }) => tests)
  const stagesOfSources = results.flatMap(({ sources }) => sources ?? [])
  const missing = unheld(root, claims, passed, stagesOfSources)
  line.settle(`${claims.length - missing.length} passed${missing.length > 0 ? `, ${missing.length} failed` : ''}`)
  const unproven = missing.map(
    ({ document, file, name }) => `${document}: no test of this run passed as \`${file}\` › \`${name}\``,
  )
  return {
    name: 'claims of the documents',
    fromMs,
    toMs: performance.now() - started,
    tests: [],
    passed: claims.length - missing.length,
    failed: missing.length,
    skipped: 0,
    ...(unproven.length > 0 && { failures: unproven.join('\n') }),
  }
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
rmSync(join(root, reports), { recursive: true, force: true })
mkdirSync(join(root, reports), { recursive: true })
const results: Result[] = await runLanes(chosen, run)
if (only === undefined) results.push(checkClaims(results))

const totalMs: number = performance.now() - started
const width: number = Math.max(...results.map(({ name }) => name.length))
process.stdout.write('\n')
for (const { name, passed, failed, skipped, fromMs, toMs } of results) {
  const mark = failed === 0 ? 'ok    ' : 'FAILED'
  const seconds = ((toMs - fromMs) / 1000).toFixed(1).padStart(6)
  const bar = drawSpan({ fromMs, toMs }, totalMs, 30)
  const count = `${passed} passed, ${failed} failed${withSkipped(skipped)}`
  process.stdout.write(`${mark}  ${name.padEnd(width)}  ${seconds} s  │${bar}│  ${count}\n`)
}
for (const { name, failures } of results) {
  if (failures !== undefined) process.stdout.write(`\n${name}:\n${failures}\n`)
}
const sum = (column: keyof Count): number => results.reduce((total, result) => total + result[column], 0)
process.stdout.write(`\n${(totalMs / 1000).toFixed(0)} s\n`)
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${withSkipped(sum('skipped'))}\n`)
process.exit(sum('failed') === 0 ? 0 : 1)
