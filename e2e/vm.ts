/**
 * `pnpm e2e:vm [Playwright's own arguments]`: the measured image in virtual machines, whole and tampered with. A run of all of it also
 * holds the documents to the tests of machines that they name.
 */
import { fileURLToPath } from 'node:url'
import { measuredRelease } from '../services/machine/release.ts'
import { claimsOf, isOfMachines, unheld } from '../tools/check/claims.ts'
import { playwrightPassed } from '../tools/check/ran.ts'
import { runScenarios } from './support/run-scenarios.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const report = 'e2e/results/vm-report.json'
const words: readonly string[] = process.argv.slice(2)

// Once, before the workers: each of them would fetch and unpack the same.
await measuredRelease({ signal: new AbortController().signal, onProgress: console.log })

const { passed, failed, status } = await runScenarios({
  args: ['--config', 'vm.config.ts', ...words],
  report: fileURLToPath(new URL('results/vm-report.json', import.meta.url)),
})
process.stdout.write(`${passed.length} passed, ${failed.length} failed\n`)

let unproven = 0
if (words.length === 0) {
  const claims = claimsOf(root).filter(isOfMachines)
  const ran = playwrightPassed(report, 'e2e/vm', ['expected', 'flaky'])(root, '')
  const missing = unheld(root, claims, ran, [])
  unproven = missing.length
  process.stdout.write(`${claims.length - unproven} claims of the documents hold\n`)
  for (const { document, file, name } of missing)
    process.stdout.write(`${document}: no test of this run passed as \`${file}\` › \`${name}\`\n`)
}
// A run that executed nothing proves nothing.
process.exitCode = status === 0 && passed.length > 0 && failed.length === 0 && unproven === 0 ? 0 : 1
