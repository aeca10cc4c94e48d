import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'

const require = createRequire(import.meta.url)
const wasmFile = require.resolve('@blindllama/verifier-wasm/blindllama_verifier_bg.wasm')
const wasm = readFileSync(wasmFile)

/** What the build puts into its files: a licence goes with each. */
const fallback = createRequire(require.resolve('@panva/hpke-noble'))
const licences = [
  { from: join(dirname(require.resolve('eventsource-parser')), '../LICENSE'), to: 'dist/licences/eventsource-parser' },
  { from: join(dirname(require.resolve('hpke')), 'LICENSE.md'), to: 'dist/licences/hpke' },
  { from: join(dirname(require.resolve('@panva/hpke-noble')), 'LICENSE.md'), to: 'dist/licences/hpke-noble' },
  ...['hashes/sha3.js', 'curves/ed25519.js', 'post-quantum/ml-kem.js'].map((module) => ({
    from: join(dirname(fallback.resolve(`@noble/${module}`)), 'LICENSE'),
    to: `dist/licences/noble-${dirname(module)}`,
  })),
]

const common: UserConfig = {
  tsconfig: 'tsconfig.json',
  target: 'es2022',
  platform: 'neutral',
  // What the sources declare and do not define: the one module that the package accepts, and its bytes for `./inline`.
  define: {
    WASM_SHA256: JSON.stringify(createHash('sha256').update(wasm).digest('hex')),
    WASM_BASE64: JSON.stringify(wasm.toString('base64')),
    WASM_REMEDY: JSON.stringify(
      'Serve blindllama_verifier_bg.wasm and pass its address as `wasm`, or import @blindllama/web-sdk/inline',
    ),
  },
}

/** One file that defines a global: everything is in it, so that a page names it all with one hash. */
function script(name: string, source: string): UserConfig {
  return {
    ...common,
    entry: { [name]: source },
    format: 'iife',
    dts: false,
    clean: false,
    minify: true,
    deps: { alwaysBundle: () => true, onlyBundle: false },
    define: {
      ...common.define,
      // The glue's own way to find its file, which nothing here takes.
      'import.meta': '{}',
      WASM_REMEDY: JSON.stringify('Serve blindllama_verifier_bg.wasm of the same package in the folder of this script'),
    },
    outputOptions: { entryFileNames: '[name].js' },
  }
}

const config: UserConfig[] = defineConfig([
  {
    ...common,
    entry: {
      'ai-sdk': 'src/ai-sdk.ts',
      index: 'src/index.ts',
      inline: 'src/inline.ts',
      react: 'src/react/index.ts',
      'react-inline': 'src/react/inline.ts',
      receipts: 'src/receipts/index.ts',
      // Types alone: what the script defines in a page.
      'script-types': 'src/dropin/global.ts',
      sentences: 'src/sentences.ts',
      state: 'src/state/index.ts',
      testing: 'src/testing.ts',
      workerd: 'src/workerd.ts',
      verify: 'src/verify.ts',
    },
    format: 'esm',
    dts: true,
    // In the package itself, byte by byte: it names the ranges of what it is made of, and nobody installs it in vain.
    // The module that workerd compiles is imported as it is.
    deps: { alwaysBundle: [/^@panva\/hpke-noble$/, /^@noble\//], onlyBundle: false, neverBundle: [/\.wasm$/] },
    copy: [
      { from: wasmFile, to: 'dist' },
      { from: '../../spec/policy.schema.json', to: 'dist' },
      { from: '../../docs/ERRORS.md', to: 'dist' },
      ...licences,
    ],
  },
  script('blindllama', 'src/script.ts'),
  script('blindllama-post-quantum', 'src/script-post-quantum.ts'),
])
export default config
