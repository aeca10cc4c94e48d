/**
 * What a page loads: the SDK's entries as a bundler minifies them, and the verifier.
 *
 *     pnpm size [--json]    exits with 1 when the WebAssembly, the core, both together, the elements or the chat exceed their budget
 *
 * Reads what `pnpm build` made.
 */
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { firstLoad } from './size/first-load.ts'

/** Bytes, compressed as servers do at their best level. */
interface Size {
  gzip: number
  brotli: number
}

/** Gzip, in bytes: none may grow beyond them. `chat`: the first load of the example, verifier included. */
const budgets = { wasm: 85_500, core: 16_384, total: 100_000, elements: 12_288, chat: 180_000 }
const root: string = fileURLToPath(new URL('..', import.meta.url))
const sdk: string = fileURLToPath(new URL('../packages/web-sdk', import.meta.url))
const ui: string = fileURLToPath(new URL('../packages/ui', import.meta.url))
const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values

// A reader like `head` closes the pipe when it has seen enough; the exit code still says whether the budgets hold.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

function compressed(bytes: Uint8Array): Size {
  return { gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }
}

interface Loaded {
  now: Size
  /** The modules that it loads when they are needed, by the beginning of their names. */
  later: (name: string) => Size
}

/**
 * What a page that imports `names` from an entry of the built package in `folder` loads at once, and later on; React is the page's own, and so
 * is what `external` names.
 */
async function bundled(
  entry: string,
  names: string,
  folder: string = sdk,
  external: readonly string[] = [],
): Promise<Loaded> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `import { ${names} } from '${entry}'; globalThis.used = [${names}]`, resolveDir: folder },
    bundle: true,
    splitting: true,
    outdir: folder,
    metafile: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['react', 'react/*', ...external],
    logLevel: 'error',
  })
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [resolve(path), output]))
  /** The outputs that loading one of them takes, without those in `before`. */
  const loading = (first: string, before: ReadonlySet<string>): Set<string> => {
    const loaded = new Set<string>()
    const follow = (path: string): void => {
      if (loaded.has(path) || before.has(path)) return
      loaded.add(path)
      for (const { path: next, kind } of outputs.get(path)?.imports ?? [])
        if (kind === 'import-statement' && outputs.has(resolve(next))) follow(resolve(next))
    }
    follow(first)
    return loaded
  }
  const outputOf = (is: (entryPoint: string) => boolean): string => {
    const found = [...outputs].find(([, { entryPoint }]) => entryPoint !== undefined && is(entryPoint))
    if (!found) throw new Error(`${entry} loads no such module`)
    return found[0]
  }
  const sizeOf = (paths: ReadonlySet<string>): Size =>
    compressed(Buffer.concat(outputFiles.filter(({ path }) => paths.has(path)).map(({ contents }) => contents)))
  const now = loading(
    outputOf((entryPoint) => entryPoint === '<stdin>'),
    new Set(),
  )
  const later = (name: string): Size =>
    sizeOf(
      loading(
        outputOf((entryPoint) => basename(entryPoint).startsWith(name)),
        now,
      ),
    )
  return { now: sizeOf(now), later }
}

/** What the example chat has loaded once its service is verified: page, scripts, styles and verifier, each compressed for itself. */
function chatSize(): Size {
  const files = firstLoad(`${root}/examples/react-chat/dist`).map(compressed)
  return {
    gzip: files.reduce((sum, { gzip }) => sum + gzip, 0),
    brotli: files.reduce((sum, { brotli }) => sum + brotli, 0),
  }
}

const wasm: Size = compressed(readFileSync(`${sdk}/dist/blindllama_verifier_bg.wasm`))
const { now: core, later } = await bundled('@blindllama/web-sdk', 'connect')
const [postQuantum, sentences] = [later('post-quantum'), later('explain-')]
const { now: react } = await bundled('@blindllama/web-sdk/react', 'useBlindLlama')
const { now: receipts } = await bundled('@blindllama/web-sdk/receipts', 'receipts, verifyReceipt')
const { now: state } = await bundled('@blindllama/web-sdk/state', 'indexedDbState')
const { now: elements } = await bundled('@blindllama/ui', 'Proof', ui, ['@blindllama/web-sdk', 'pkijs', 'cborg'])
const total: Size = { gzip: wasm.gzip + core.gzip, brotli: wasm.brotli + core.brotli }
const chat: Size = chatSize()
const sizes = { wasm, core, react, postQuantum, sentences, receipts, state, elements, chat, total }

if (json === true) process.stdout.write(`${JSON.stringify(sizes)}\n`)
else {
  process.stdout.write(`${''.padEnd(28)}${'gzip'.padStart(9)}${'brotli'.padStart(9)}\n`)
  const rows: [string, Size][] = [
    ['verifier (WebAssembly)', wasm],
    ['core: { connect }', core],
    ['verifier + core', total],
    ['core with the React hook', react],
    ['post-quantum fallback', postQuantum],
    ['sentences of verdicts', sentences],
    ['receipts, alone', receipts],
    ['state, alone', state],
    ['elements of the proof', elements],
    ['first load of the chat', chat],
  ]
  for (const [name, { gzip, brotli }] of rows)
    process.stdout.write(`${name.padEnd(28)}${String(gzip).padStart(9)}${String(brotli).padStart(9)}\n`)
}
for (const [name, { gzip }, budget] of [
  ['verifier (WebAssembly)', wasm, budgets.wasm],
  ['core', core, budgets.core],
  ['verifier + core', total, budgets.total],
  ['elements of the proof', elements, budgets.elements],
  ['first load of the chat', chat, budgets.chat],
] as const)
  if (gzip > budget) {
    process.stderr.write(`${name}: ${gzip} bytes gzip exceed the budget of ${budget}\n`)
    process.exitCode = 1
  }
