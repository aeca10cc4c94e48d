/** `pnpm e2e:vm [Playwright's own arguments]`: the measured image in virtual machines, whole and tampered with. */
import { fileURLToPath } from 'node:url'
import { runScenarios } from './support/run-scenarios.ts'

const { passed, failed, status } = await runScenarios({
  args: ['--config', 'vm.config.ts', ...process.argv.slice(2)],
  report: fileURLToPath(new URL('results/vm-report.json', import.meta.url)),
})
process.stdout.write(`${passed.length} passed, ${failed.length} failed\n`)
// A run that executed nothing proves nothing.
process.exitCode = status === 0 && passed.length > 0 && failed.length === 0 ? 0 : 1
