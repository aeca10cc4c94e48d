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
import { assertOk } from './build-wasm/toolchain.ts'
import { runCommand } from './run/command.ts'
import { runEventLog } from './vectors/event-log.ts'
import { loadVerifier } from './vectors/verifier.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const files: string[] = process.argv.slice(2)
if (files.length === 0) throw new Error('usage: eventlog.ts FILE...')

const build: string[] = ['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg-vectors']
assertOk('build-wasm', await runCommand(build, { cwd: root, timeoutMs: 15 * 60_000 }))
const verifier = await loadVerifier('pkg-vectors')

for (const file of files) console.log(JSON.stringify(runEventLog(verifier, file, readFileSync(file))))
