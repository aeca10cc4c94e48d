/** The mutants of a TypeScript package: each is applied to a copy of the package, and Vitest runs the named files there. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../tools/run/command.ts'
import { isLate } from './late.ts'
import { mirror } from './mirror.ts'
import type { Area, Finding, Mutant, Report, VitestRunner } from './mutant.ts'
import { inParallel } from './parallel.ts'
import type { Result } from './result.ts'
import { patched } from './source.ts'
import { resultOf, type JsonReport } from './vitest-result.ts'

/** Bounds the named files of one mutant. Every test has a shorter bound of its own. */
const RUN_LIMIT_MS = 300_000

const BUILD_LIMIT_MS = 120_000

/** Copies under test at once. */
const AT_ONCE = 2

type VitestArea = Area & { readonly runner: VitestRunner }

/**
 * Runs the named files without a mutant, then with each, and then without again: where the machine came to be unable to run them,
 * no failure in between tells anything.
 *
 * @throws When a named file has no test, or fails without a mutant, before or after.
 */
export async function runVitest(area: VitestArea, root: string, copies: string, report: Report): Promise<void> {
  const workers = Math.min(AT_ONCE, area.mutants.length)
  const isBuilt = area.runner.build !== undefined
  const folders = Array.from({ length: workers }, (_, worker) =>
    mirror(root, join(copies, `${area.name}-${worker}`), area.folder, area.runner.importers ?? [], isBuilt),
  )
  const folderOf = (worker: number): string => folders[worker] ?? ''
  await demandPassing(area, root, folderOf(0))
  await demandReached(area, root, folderOf(0))
  await inParallel(area.mutants, workers, async (mutant, worker) =>
    report(await judge(area, root, folderOf(worker), mutant)),
  )
  await demandPassing(area, root, folderOf(0))
}

async function demandPassing(area: VitestArea, root: string, folder: string): Promise<void> {
  const files = [...new Set(area.mutants.flatMap(({ tests }) => tests))]
  const result = (await build(area, folder)) ?? (await run(root, folder, files, 3 * RUN_LIMIT_MS))
  if (result.kind !== 'passed')
    throw new Error(`${area.folder} does not pass without a mutant: ${JSON.stringify(result)}`)
}

/** Without this, tests that load the package from another place than the copy would pass with every mutant. */
async function demandReached(area: VitestArea, root: string, folder: string): Promise<void> {
  const [mutant] = area.mutants
  if (mutant === undefined) return
  const path = join(folder, 'src', mutant.file)
  const whole = readFileSync(path, 'utf8')
  writeFileSync(path, `${whole}\nthrow new Error('a broken module')\n`)
  try {
    const result = (await build(area, folder)) ?? (await run(root, folder, mutant.tests, RUN_LIMIT_MS))
    if (result.kind === 'passed')
      throw new Error(
        `${area.folder}: ${mutant.tests.join(', ')} pass with a broken ${mutant.file}: they load another copy`,
      )
  } finally {
    writeFileSync(path, whole)
  }
}

async function judge(area: VitestArea, root: string, folder: string, mutant: Mutant): Promise<Finding> {
  const { name, tests, hangs } = mutant
  const path = join(folder, 'src', mutant.file)
  const whole = readFileSync(path, 'utf8')
  writeFileSync(path, patched(whole, mutant))
  try {
    const result = (await build(area, folder)) ?? (await run(root, folder, tests, RUN_LIMIT_MS))
    if (result.kind === 'failed') return { name, outcome: 'noticed', note: result.test }
    if (result.kind === 'broken') return { name, outcome: 'unusable', note: result.why }
    if (result.kind === 'passed') return { name, outcome: 'missed', note: tests.join(', ') }
    return { name, outcome: hangs === true ? 'noticed' : 'unusable', note: result.what }
  } finally {
    writeFileSync(path, whole)
  }
}

/** Builds the copy where its tests run the built files; undefined when that succeeded or is not needed. */
async function build({ runner }: VitestArea, folder: string): Promise<Result | undefined> {
  if (runner.build === undefined) return undefined
  const { ok, output, reason } = await runCommand(runner.build, { cwd: folder, timeoutMs: BUILD_LIMIT_MS })
  return ok ? undefined : { kind: 'broken', why: `${output.slice(-2000)}\n${runner.build.join(' ')} ${reason}` }
}

async function run(root: string, folder: string, files: readonly string[], timeoutMs: number): Promise<Result> {
  const report = join(folder, '.vitest-report.json')
  rmSync(report, { force: true })
  const words = ['node_modules/.bin/vitest', 'run', '--reporter=default', '--reporter=json']
  const outcome = await runCommand([...words, `--outputFile.json=${report}`, ...files], {
    cwd: folder,
    env: {
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      // Programs that tests run are built at the place of the repository.
      CARGO_TARGET_DIR: process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'),
    },
    timeoutMs,
  })
  if (isLate(outcome)) return { kind: 'late', what: `the tests ${outcome.reason}` }
  let json: JsonReport
  try {
    json = JSON.parse(readFileSync(report, 'utf8')) as JsonReport
  } catch {
    return { kind: 'broken', why: `${outcome.output.slice(-2000)}\nvitest ${outcome.reason} without a report` }
  }
  return resultOf(json, folder, files, outcome.ok, outcome.output)
}
