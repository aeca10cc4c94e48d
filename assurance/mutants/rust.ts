/** The mutants of a crate: one build in which a variable of the environment selects the active one, and one build for each `whole` one. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Area, Finding, Mutant, Report, RustRunner } from './mutant.ts'
import { inParallel } from './parallel.ts'
import { switchModule, switched } from './rust-switch.ts'
import { RustTests, type Chosen } from './rust-tests.ts'
import { patched, sourcePath } from './source.ts'
import { Workspace } from './workspace.ts'

export interface Places {
  /** The repository. */
  readonly root: string
  /** Below it go the copies. */
  readonly copies: string
  /** Target folder of cargo for all copies. */
  readonly target: string
}

/** Bounds the named tests of one mutant. Every wait of a test has a shorter bound of its own. */
const RUN_LIMIT_MS = 180_000

/** Mutants under test at once. */
const AT_ONCE = 2

/**
 * Runs the named tests without a mutant, then with each, and then without again: where the machine came to be unable to run them,
 * no failure in between tells anything.
 *
 * @throws When the crate does not build with its switches, or a named test fails without a mutant, before or after.
 */
export async function runRust(
  area: Area & { readonly runner: RustRunner },
  places: Places,
  report: Report,
): Promise<void> {
  const { root, copies, target } = places
  const workspace = new Workspace(root, join(copies, area.name), target, area.runner.package, area.runner.crates)
  const switchable = area.mutants.filter(({ whole }) => whole !== true)
  addSwitches(workspace.folder, area, switchable)
  const targets = new Set(area.mutants.flatMap(({ tests }) => tests.map((test) => test.split('::')[0] ?? '')))
  const tests = await RustTests.of(join(workspace.folder, area.folder), await workspace.build(targets))
  await demandPassing(tests, area.mutants)
  await inParallel(switchable, AT_ONCE, async (mutant) => report(await judge(tests, mutant, mutant.name)))
  await demandPassing(tests, area.mutants)
  const wholeOnes = area.mutants.filter(({ whole }) => whole === true)
  for (const mutant of wholeOnes) report(await judgeWhole(root, workspace, area, mutant))
  if (wholeOnes.length === 0) return
  const rebuilt = await RustTests.of(join(workspace.folder, area.folder), await workspace.build(targets))
  await demandPassing(rebuilt, wholeOnes)
}

function addSwitches(folder: string, area: Area, mutants: readonly Mutant[]): void {
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const path = join(folder, area.folder, 'src', file)
    const ofFile = mutants.filter((mutant) => mutant.file === file)
    writeFileSync(path, switched(readFileSync(path, 'utf8'), ofFile, isMutant(area, file)))
  }
  const library = join(folder, area.folder, 'src/lib.rs')
  writeFileSync(library, readFileSync(library, 'utf8') + switchModule)
}

/** Another crate than the library uses the library's switch. */
function isMutant(area: Area, file: string): string {
  const name = area.runner.kind === 'rust' ? area.runner.package.replaceAll('-', '_') : ''
  return `${file === 'main.rs' ? name : 'crate'}::mutant::is`
}

/** All tests that any mutant names must pass without one. */
async function demandPassing(tests: RustTests, mutants: readonly Mutant[]): Promise<void> {
  const byProgram = new Map<string, { chosen: Chosen; names: Set<string> }>()
  for (const chosen of mutants.flatMap((mutant) => mutant.tests.flatMap((name) => tests.find(name)))) {
    const known = byProgram.get(chosen.program.path) ?? { chosen, names: new Set() }
    for (const name of chosen.tests) known.names.add(name)
    byProgram.set(chosen.program.path, known)
  }
  for (const { chosen, names } of byProgram.values()) {
    const result = await tests.run({ ...chosen, tests: [...names] }, undefined, 5 * RUN_LIMIT_MS)
    if (result.kind !== 'passed')
      throw new Error(`${chosen.program.target} does not pass without a mutant: ${JSON.stringify(result)}`)
  }
}

async function judge(tests: RustTests, mutant: Mutant, active: string | undefined): Promise<Finding> {
  const { name } = mutant
  for (const chosen of mutant.tests.flatMap((test) => tests.find(test))) {
    const result = await tests.run(chosen, active, RUN_LIMIT_MS)
    if (result.kind === 'failed') return { name, outcome: 'noticed', note: result.test }
    if (result.kind === 'broken') return { name, outcome: 'unusable', note: result.why }
    if (result.kind === 'late') return late(mutant, result.what)
  }
  return { name, outcome: 'missed', note: mutant.tests.join(', ') }
}

function late({ name, hangs }: Mutant, note: string): Finding {
  return { name, outcome: hangs === true ? 'noticed' : 'unusable', note }
}

/** Takes one check out for a build of its own. */
async function judgeWhole(root: string, workspace: Workspace, area: Area, mutant: Mutant): Promise<Finding> {
  const path = join(workspace.folder, sourcePath(area, mutant))
  const withSwitches = readFileSync(path, 'utf8')
  try {
    writeFileSync(path, patched(readFileSync(join(root, sourcePath(area, mutant)), 'utf8'), mutant))
    const targets = new Set(mutant.tests.map((test) => test.split('::')[0] ?? ''))
    const programs = await workspace.build(targets)
    return await judge(await RustTests.of(join(workspace.folder, area.folder), programs), mutant, undefined)
  } catch (error) {
    return { name: mutant.name, outcome: 'unusable', note: error instanceof Error ? error.message : String(error) }
  } finally {
    writeFileSync(path, withSwitches)
  }
}
