/**
 * `pnpm e2e [--json] [Playwright's own arguments]`: the scenarios in a real browser, against a staging service of their own.
 *
 *     pnpm e2e --url URL --policy FILE [--api-key-env NAME] [--dangerously-allow-simulated] [--project=chromium]
 *
 * runs those that change nothing at a service against the one at URL, under the policy in FILE.
 */
import { fileURLToPath } from 'node:url'
import { readDeployment } from './support/deployment-arguments.ts'
import { deploymentVariable } from './support/deployment.ts'
import { runScenarios } from './support/run-scenarios.ts'

const words: string[] = process.argv.slice(2).filter((arg) => arg !== '--json')
const { settings, rest, mistake } = await readDeployment(words, process.env)
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`)
  process.exit(2)
}
const { passed, failed, status } = await runScenarios({
  args: settings ? ['--grep=@deployment', 'specs/deployment', ...rest] : rest,
  report: fileURLToPath(new URL('results/report.json', import.meta.url)),
  ...(settings && { env: { [deploymentVariable]: JSON.stringify(settings) } }),
})
if (process.argv.includes('--json'))
  process.stdout.write(`${JSON.stringify({ passed: passed.length, failed: failed.length })}\n`)
// A run that executed nothing proves nothing.
process.exitCode = status === 0 && passed.length > 0 && failed.length === 0 ? 0 : 1
