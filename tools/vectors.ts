/**
 * Runs vectors through the built WebAssembly and prints one line of JSON for each:
 * `{"name": …, "verdict": "accept" | "reject", "code": …}`.
 *
 *     pnpm --silent vectors FILE...           quotes of other TPMs, one a file
 *     pnpm --silent vectors:bundle FILE...    whole bundles, one a file (packages/verifier-wasm/conformance/bundles)
 *     pnpm --silent chains FILE...            certificate chains of attestation keys, an array of them a file
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assertOk } from './build-wasm/toolchain.ts'
import { runCommand } from './run/command.ts'
import { runBundle } from './vectors/bundle.ts'
import { runChains } from './vectors/chain.ts'
import { runQuote } from './vectors/quote.ts'
import { loadVerifier, type Outcome } from './vectors/verifier.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const kinds = { quote: runQuote, bundle: runBundle, chain: runChains }

const [kind = '', ...files] = process.argv.slice(2)
if (!(kind in kinds) || files.length === 0) throw new Error('usage: vectors.ts quote|bundle|chain FILE...')

const build: string[] = ['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg-vectors']
assertOk('build-wasm', await runCommand(build, { cwd: root, timeoutMs: 15 * 60_000 }))
const verifier = await loadVerifier('pkg-vectors')

for (const file of files) {
  const outcome: Outcome | Outcome[] = kinds[kind as keyof typeof kinds](verifier, readFileSync(file, 'utf8'))
  for (const { name, code } of [outcome].flat())
    console.log(JSON.stringify({ name, verdict: code === 'ok' ? 'accept' : 'reject', code }))
}
