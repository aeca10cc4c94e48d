/**
 * Reads TCG event logs with the built WebAssembly and prints one line of JSON for each file: what was measured into which PCR,
 * what follows for its value, and which rules of the Firmware Profile the log breaks (PROTOCOL.md, Event log).
 *
 *     pnpm --silent eventlog FILE...
 *
 * A line has `name`, `parse` (`ok` or a code), `replayedPcrs` (by bank and index), `findings` and `events`.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readEventLog } from '../packages/cli/src/eventlog/report.ts'
import { assertOk } from './run/assert-ok.ts'
import { runCommand } from './run/command.ts'
import { loadVerifier } from './vectors/verifier.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const files: string[] = process.argv.slice(2)
if (files.length === 0) throw new Error('usage: eventlog.ts FILE...')

const build: string[] = ['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg-vectors']
assertOk('build-wasm', await runCommand(build, { cwd: root, timeoutMs: 15 * 60_000 }))
const { explainEventLog } = await loadVerifier('pkg-vectors')
if (explainEventLog === undefined) throw new Error('this package has no explainEventLog')

for (const file of files) console.log(JSON.stringify(readEventLog({ explainEventLog }, file, readFileSync(file))))
