/**
 * Takes one check after the other out of a package, and demands that a test of the package notices.
 *
 *     pnpm mutants [--area AREA] [--sample N] [--json] [NAME...]
 *
 * `--sample` takes N mutants that the commit chooses. NAME is the name of a mutant or part of one. `--json` writes the progress to
 * standard error, and one line `{"mutants": N, "noticed": N}` to standard output; mutants that nobody noticed are listed in it.
 * Exit codes: 0 all noticed, 1 some not noticed or not usable, 2 wrong arguments or a patch that does not fit.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../../tools/environment.ts'
import { areas } from './areas.ts'
import { misfits } from './fit.ts'
import type { Area, Finding } from './mutant.ts'
import { runRust } from './rust.ts'
import { select } from './select.ts'
import { runVitest } from './vitest.ts'
import { killRunning } from '../../tools/run/command.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    area: { type: 'string' },
    sample: { type: 'string' },
  },
  allowPositionals: true,
})
const progress = values.json ? process.stderr : process.stdout

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })

function refuse(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}

function wanted(): Area[] {
  const sample = values.sample === undefined ? undefined : Number(values.sample)
  if (sample !== undefined && !(Number.isSafeInteger(sample) && sample > 0))
    refuse(`--sample ${values.sample}: must be a positive integer`)
  const seed = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  try {
    return select(areas, { area: values.area, names: positionals, sample, seed })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

async function runArea(area: Area): Promise<Finding[]> {
  const findings: Finding[] = []
  const report = (finding: Finding): void => {
    findings.push(finding)
    const word = { noticed: 'noticed by', missed: 'NOT NOTICED by', unusable: 'UNUSABLE:' }[finding.outcome]
    // Names of some areas begin with the area.
    const name = finding.name.replace(`${area.name}: `, '')
    progress.write(`  ${area.name}: ${name}: ${word} ${finding.note}\n`)
  }
  const copies = join(root, 'target/mutants')
  const target = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'mutants/cargo')
  try {
    const { runner } = area
    if (runner.kind === 'rust') await runRust({ ...area, runner }, { root, copies, target }, report)
    else await runVitest({ ...area, runner }, root, copies, report)
  } catch (error) {
    progress.write(`${area.name}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  return findings
}

const problems: string[] = misfits(root, areas)
if (problems.length > 0) refuse(`patches that do not fit:\n${problems.join('\n')}`)
const chosen: Area[] = wanted()
const total: number = chosen.reduce((sum, { mutants }) => sum + mutants.length, 0)
const noticed = new Set<string>()
for (const area of chosen) {
  const begin = performance.now()
  progress.write(`${area.name}: ${area.mutants.length} ${area.mutants.length === 1 ? 'mutant' : 'mutants'}\n`)
  for (const { name, outcome } of await runArea(area)) if (outcome === 'noticed') noticed.add(name)
  progress.write(`${area.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s\n`)
}
const missed: string[] = chosen
  .flatMap(({ mutants }) => mutants.map(({ name }) => name))
  .filter((name) => !noticed.has(name))
const tail: string = missed.length > 0 ? `, "missed": ${JSON.stringify(missed)}` : ''
if (values.json) process.stdout.write(`{"mutants": ${total}, "noticed": ${noticed.size}${tail}}\n`)
else
  process.stdout.write(
    `${noticed.size} of ${total} mutants noticed\n${missed.map((name) => `not noticed: ${name}\n`).join('')}`,
  )
process.exitCode = missed.length === 0 && total > 0 ? 0 : 1
