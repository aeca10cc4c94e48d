/**
 * Asks two verifiers that share no code the same questions, and says where they differ.
 *
 *     pnpm conformance                          the table
 *     pnpm conformance --json                   a line of JSON for each case, then {"cases","unexplained","explained","skipped"}
 *     pnpm conformance --adapter ./my-verifier  with one more verifier beside them (README.md); may be repeated
 *     pnpm conformance --only TEXT              the cases whose name contains the text
 *
 * Exits with 1 when a case ends otherwise than expected, or two verifiers differ, without an explanation in run/explained.ts.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertOk } from '../../tools/run/assert-ok.ts'
import { runCommand } from '../../tools/run/command.ts'
import { adapter } from './run/adapter.ts'
import { allCases } from './run/cases/all.ts'
import { missingEvidence } from './run/cases/evidence.ts'
import { isUnexplained, namesOtherRule, type Row, runCase } from './run/compare.ts'
import { explained } from './run/explained.ts'
import { ourVerifier } from './run/ours.ts'
import { secondVerifier } from './run/second.ts'
import { Table } from './run/table.ts'
import { brokenTwins } from './run/twins.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    adapter: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', default: '' },
  },
})

const started: number = performance.now()
const cwd: string = fileURLToPath(new URL('../..', import.meta.url))
const build: string[] = ['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg-vectors']
assertOk('build-wasm', await runCommand(build, { cwd, timeoutMs: 15 * 60_000 }))

const verifiers = [await ourVerifier(), secondVerifier, ...options.adapter.map(adapter)]
const everything = await allCases()
const cases = everything.filter(({ name }) => name.includes(options.only))
const names = verifiers.map(({ name }) => name)
const table = new Table(process.stdout, names, cases)
const rows: Row[] = []
for (const subject of cases) {
  const row = await runCase(subject, verifiers)
  rows.push(row)
  if (options.json) process.stdout.write(`${JSON.stringify(describe(row))}\n`)
  else table.row(row)
}
table.end()
for (const verifier of verifiers) verifier.close()

const broken = [...brokenTwins(everything), ...(options.only === '' ? staleExplanations() : [])]
for (const complaint of broken) process.stderr.write(`${complaint}\n`)
const unexplained = rows.filter(isUnexplained).length
const differing = rows.filter(({ differences }) => differences.length > 0).length
const summary = {
  cases: rows.length,
  unexplained: unexplained + broken.length,
  explained: differing - unexplained,
  /** Sets of evidence that are not there. */
  skipped: missingEvidence.size,
}
process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : sentence())
if (summary.unexplained > 0 || rows.length === 0) process.exitCode = 1

function describe({ case: subject, answers, differences, explanation }: Row): object {
  const codes = Object.fromEntries(answers.map(({ code }, index) => [names[index], code]))
  const { name, ids, expect, twin = null, variants } = subject
  return {
    name,
    ids,
    twin,
    expect,
    codes,
    variants: (variants?.length ?? 0) + 1,
    differences,
    explained: explanation?.why ?? null,
  }
}

/** An explanation of a difference that is no longer there would hide the next one. */
function staleExplanations(): string[] {
  const needed = rows.filter(({ differences }) => differences.length > 0)
  return explained
    .filter((explanation) => !needed.some((row) => row.explanation === explanation))
    .map(({ matches }) => `run/explained.ts: nothing differs any more for ${matches}`)
}

function sentence(): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const questions = rows.reduce((sum, { case: { variants } }) => sum + (variants?.length ?? 0) + 1, 0)
  const refused = rows.filter(({ case: { expect } }) => expect === 'reject').length
  const otherRule = rows.filter((row) => row.differences.length === 0 && namesOtherRule(row)).length
  const without = missingEvidence.size === 0 ? '' : `, without ${[...missingEvidence].join(', ')}`
  return `
${rows.length} cases (${refused} refusals, each beside an accepted twin), ${questions} questions, ${seconds} s${without}
${otherRule} of them refused for another rule of the same layer
${rows.length - unexplained} passed, ${summary.unexplained} failed, ${summary.explained} explained, ${summary.skipped} skipped
`
}
