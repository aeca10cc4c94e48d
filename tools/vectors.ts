/**
 * Runs vectors through the built WebAssembly and prints one line of JSON for each:
 * `{"name": …, "verdict": "accept" | "reject", "code": …}`.
 *
 *     pnpm --silent vectors FILE...           quotes of other TPMs, one a file
 *     pnpm --silent vectors:bundle FILE...    whole bundles, one a file
 *     pnpm vectors:bundle                     our own (spec/vectors): exits with 1 unless each ends as it says
 *     pnpm --silent chains FILE...            certificate chains of attestation keys, an array of them a file
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assertOk } from './run/assert-ok.ts'
import { runCommand } from './run/command.ts'
import { type BundleVector, runBundle } from './vectors/bundle.ts'
import { runChains } from './vectors/chain.ts'
import { runQuote } from './vectors/quote.ts'
import { loadVerifier, type Outcome } from './vectors/verifier.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const kinds = { quote: runQuote, bundle: runBundle, chain: runChains }

const ownBundles: string = join(root, 'spec/vectors/bundles')

const [kind = '', ...files] = process.argv.slice(2)
const own: boolean = kind === 'bundle' && files.length === 0
if (!(kind in kinds) || (files.length === 0 && !own)) throw new Error('usage: vectors.ts quote|bundle|chain FILE...')

const build: string[] = ['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg-vectors']
assertOk('build-wasm', await runCommand(build, { cwd: root, timeoutMs: 15 * 60_000 }))
const verifier = await loadVerifier('pkg-vectors')

if (own) checkOwnBundles()
else
  for (const file of files) {
    const outcome: Outcome | Outcome[] = kinds[kind as keyof typeof kinds](verifier, readFileSync(file, 'utf8'))
    for (const { name, code } of [outcome].flat())
      console.log(JSON.stringify({ name, verdict: code === 'ok' ? 'accept' : 'reject', code }))
  }

function checkOwnBundles(): void {
  const texts = readdirSync(ownBundles).map((name) => readFileSync(join(ownBundles, name), 'utf8'))
  const wrong = texts.filter((text) => {
    const expected = (JSON.parse(text) as BundleVector).code
    const { name, code } = runBundle(verifier, text)
    if (code !== expected) console.log(`${name}: expected ${expected}, got ${code}`)
    return code !== expected
  })
  console.log(`${texts.length - wrong.length}/${texts.length} bundle vectors as expected`)
  if (wrong.length > 0 || texts.length === 0) process.exitCode = 1
}
