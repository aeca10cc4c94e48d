import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { defineConfig, type UserConfig } from 'tsdown'

const wasmFile = createRequire(import.meta.url).resolve('@blindllama/verifier-wasm/blindllama_verifier_bg.wasm')
const wasm = readFileSync(wasmFile)

const common: UserConfig = {
  tsconfig: 'tsconfig.json',
  target: 'es2022',
  platform: 'neutral',
  // What the sources declare and do not define: the one module that the package accepts, and its bytes for `./inline`.
  define: {
    WASM_SHA256: JSON.stringify(createHash('sha256').update(wasm).digest('hex')),
    WASM_BASE64: JSON.stringify(wasm.toString('base64')),
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
    // The glue's own way to find its file, which nothing here takes.
    define: { ...common.define, 'import.meta': '{}' },
    outputOptions: { entryFileNames: '[name].js' },
  }
}

const config: UserConfig[] = defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      inline: 'src/inline.ts',
      react: 'src/react/index.ts',
      receipts: 'src/receipts/index.ts',
      state: 'src/state/index.ts',
    },
    format: 'esm',
    dts: true,
    // In the package itself, byte by byte: it names the ranges of what it is made of, and nobody installs it in vain.
    deps: { alwaysBundle: [/^@panva\/hpke-noble$/, /^@noble\//], onlyBundle: false },
    copy: [{ from: wasmFile, to: 'dist' }],
  },
  script('blindllama', 'src/script.ts'),
  script('blindllama-post-quantum', 'src/script-post-quantum.ts'),
])
export default config
