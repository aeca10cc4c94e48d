/**
 * What a page loads: the SDK's entries as a bundler minifies them, and the verifier.
 *
 *     pnpm size [--json]    exits with 1 when the WebAssembly, the core or both together exceed their budget
 *
 * Reads what `pnpm build` made.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Bytes, compressed as servers do at their best level. */
interface Size {
  gzip: number
  brotli: number
}

/** Gzip, in bytes: none may grow beyond them. Once the sentences of codes, 3 KB, are loaded on a failure alone: 85,500 and 100,000. */
const budgets = { wasm: 86_500, core: 16_000, total: 101_900 }
const sdk: string = fileURLToPath(new URL('../packages/web-sdk', import.meta.url))
const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values

// A reader like `head` closes the pipe when it has seen enough; the exit code still says whether the budgets hold.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

function compressed(bytes: Uint8Array): Size {
  return { gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }
}

/** What a page that imports `names` from an entry of the built package loads at once, and later on; React is the page's own. */
async function bundled(entry: string, names: string): Promise<{ now: Size; later: Size }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `import { ${names} } from '${entry}'; globalThis.used = [${names}]`, resolveDir: sdk },
    bundle: true,
    splitting: true,
    outdir: sdk,
    metafile: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['react', 'react/*'],
    logLevel: 'error',
  })
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [resolve(path), output]))
  const atOnce = new Set<string>()
  const follow = (path: string): void => {
    if (atOnce.has(path)) return
    atOnce.add(path)
    for (const { path: next, kind } of outputs.get(path)?.imports ?? [])
      if (kind === 'import-statement' && outputs.has(resolve(next))) follow(resolve(next))
  }
  for (const [path, { entryPoint }] of outputs) if (entryPoint === '<stdin>') follow(path)
  const sizeOf = (now: boolean): Size =>
    compressed(
      Buffer.concat(outputFiles.filter(({ path }) => atOnce.has(path) === now).map(({ contents }) => contents)),
    )
  return { now: sizeOf(true), later: sizeOf(false) }
}

const wasm: Size = compressed(readFileSync(`${sdk}/dist/blindllama_verifier_bg.wasm`))
const { now: core, later: postQuantum } = await bundled('@blindllama/web-sdk', 'connect')
const { now: react } = await bundled('@blindllama/web-sdk/react', 'useBlindLlama')
const { now: receipts } = await bundled('@blindllama/web-sdk/receipts', 'receipts, verifyReceipt')
const { now: state } = await bundled('@blindllama/web-sdk/state', 'indexedDbState')
const total: Size = { gzip: wasm.gzip + core.gzip, brotli: wasm.brotli + core.brotli }
const sizes = { wasm, core, react, postQuantum, receipts, state, total }

if (json === true) process.stdout.write(`${JSON.stringify(sizes)}\n`)
else {
  process.stdout.write(`${''.padEnd(28)}${'gzip'.padStart(9)}${'brotli'.padStart(9)}\n`)
  const rows: [string, Size][] = [
    ['verifier (WebAssembly)', wasm],
    ['core: { connect }', core],
    ['verifier + core', total],
    ['core with the React hook', react],
    ['post-quantum fallback', postQuantum],
    ['receipts, alone', receipts],
    ['state, alone', state],
  ]
  for (const [name, { gzip, brotli }] of rows)
    process.stdout.write(`${name.padEnd(28)}${String(gzip).padStart(9)}${String(brotli).padStart(9)}\n`)
}
for (const [name, { gzip }, budget] of [
  ['verifier (WebAssembly)', wasm, budgets.wasm],
  ['core', core, budgets.core],
  ['verifier + core', total, budgets.total],
] as const)
  if (gzip > budget) {
    process.stderr.write(`${name}: ${gzip} bytes gzip exceed the budget of ${budget}\n`)
    process.exitCode = 1
  }
