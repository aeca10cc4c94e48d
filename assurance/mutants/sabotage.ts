/**
 * `pnpm e2e:sabotage [--json]`: takes one protection out of the product, runs all scenarios of its page, and demands that exactly
 * those fail which tell of it. Otherwise they would pass whatever the product does.
 */
import { join } from 'node:path'
import { sabotagedBuilds, type SabotagedBuild } from './sabotage/builds.ts'
import { scenariosOfThePage } from './sabotage/scenarios.ts'
import { Tree } from './sabotage/tree.ts'
import { acceptedBy } from './sabotage/truncation.ts'
import { runScenarios } from '../../e2e/support/run-scenarios.ts'

/** Sentences on the scenarios that ended otherwise than they must. */
async function judge({
  name,
  tag,
  truncates,
  patches,
}: SabotagedBuild): Promise<{ right: number; wrong: readonly string[] }> {
  process.stdout.write(`\n${name}: building\n`)
  const tree = new Tree()
  await tree.make(patches)
  await tree.build()
  process.stdout.write(`${name}: exactly the scenarios tagged ${tag} must fail now\n`)
  const { passed, failed, output } = await runScenarios({
    // What is taken out is the same in every engine.
    args: ['--project=chromium', ...scenariosOfThePage()],
    quiet: true,
    report: join(tree.folder, '..', 'report.json'),
    env: { E2E_PAGE: tree.page },
  })
  const told = failed.filter((title) => title.includes(tag))
  const silent = passed.filter((title) => title.includes(tag)).map((title) => `did not notice: ${title}`)
  const noisy = failed.filter((title) => !title.includes(tag)).map((title) => `failed for another reason: ${title}`)
  const wrong = [...silent, ...noisy]
  if (told.length === 0) wrong.push(`no scenario is tagged ${tag}`)
  if (truncates && (await acceptedBy(tree.sdk)) === 0) wrong.push('did not notice: pnpm test:truncation')
  if (wrong.length > 0) process.stdout.write(output)
  for (const sentence of wrong) process.stdout.write(`  ${sentence}\n`)
  const judged = passed.length + failed.length + (truncates ? 1 : 0)
  return { right: judged - wrong.length, wrong }
}

let right = 0
let wrong = 0
for (const build of sabotagedBuilds) {
  const judged = await judge(build)
  right += judged.right
  wrong += judged.wrong.length
}
process.stdout.write(`\n${right} passed, ${wrong} failed\n`)
if (process.argv.includes('--json'))
  process.stdout.write(`${JSON.stringify({ builds: sabotagedBuilds.length, asExpected: right, unexpected: wrong })}\n`)
process.exitCode = wrong === 0 && right > 0 ? 0 : 1
