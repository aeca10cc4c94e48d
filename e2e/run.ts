/** `pnpm e2e [--json] [Playwright's own arguments]`: the scenarios in a real browser. */
import { fileURLToPath } from 'node:url'
import { runScenarios } from './support/run-scenarios.ts'

const args: string[] = process.argv.slice(2)
const { passed, failed, status } = await runScenarios({
  args: args.filter((arg) => arg !== '--json'),
  report: fileURLToPath(new URL('results/report.json', import.meta.url)),
})
if (args.includes('--json'))
  process.stdout.write(`${JSON.stringify({ passed: passed.length, failed: failed.length })}\n`)
// A run that executed nothing proves nothing.
process.exitCode = status === 0 && passed.length > 0 && failed.length === 0 ? 0 : 1
