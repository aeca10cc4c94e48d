/**
 * What a page loads: the SDK's entries as a bundler minifies them, and the verifier.
 *
 *     pnpm size [--json]    exits with 1 when WebAssembly and core together exceed the budget
 *
 * Reads what `pnpm build` made.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Bytes, compressed as servers do at their best level. */
interface Size {
  gzip: number
  brotli: number
}

/** Of WebAssembly and core, gzip, in bytes. */
const budget = 80_000
const sdk: string = fileURLToPath(new URL('../packages/web-sdk', import.meta.url))
const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values

function compressed(bytes: Uint8Array): Size {
  return { gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }
}

/** A page that imports `names` from an entry of the built package; React itself is the page's own. */
async function bundled(entry: string, names: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: `import { ${names} } from '${entry}'; globalThis.used = [${names}]`, resolveDir: sdk },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['react', 'react/*'],
    logLevel: 'error',
  })
  return compressed(Buffer.concat(outputFiles.map(({ contents }) => contents)))
}

const wasm: Size = compressed(readFileSync(`${sdk}/dist/blindllama_verifier_bg.wasm`))
const core: Size = await bundled('@blindllama/web-sdk', 'connect')
const react: Size = await bundled('@blindllama/web-sdk/react', 'useBlindLlama')
const total: Size = { gzip: wasm.gzip + core.gzip, brotli: wasm.brotli + core.brotli }
const sizes = { wasm, core, react, total }

if (json === true) process.stdout.write(`${JSON.stringify(sizes)}\n`)
else {
  process.stdout.write(`${''.padEnd(28)}${'gzip'.padStart(9)}${'brotli'.padStart(9)}\n`)
  const rows: [string, Size][] = [
    ['verifier (WebAssembly)', wasm],
    ['core: { connect }', core],
    ['verifier + core', total],
    ['core with the React hook', react],
  ]
  for (const [name, { gzip, brotli }] of rows)
    process.stdout.write(`${name.padEnd(28)}${String(gzip).padStart(9)}${String(brotli).padStart(9)}\n`)
}
if (total.gzip > budget) {
  process.stderr.write(`verifier + core: ${total.gzip} bytes gzip exceed the budget of ${budget}\n`)
  process.exitCode = 1
}
