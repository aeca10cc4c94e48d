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

const config: UserConfig[] = defineConfig([
  {
    ...common,
    entry: { index: 'src/index.ts', inline: 'src/inline.ts', react: 'src/react/index.ts' },
    format: 'esm',
    dts: true,
    copy: [{ from: wasmFile, to: 'dist' }],
  },
  {
    ...common,
    entry: { blindllama: 'src/script.ts' },
    format: 'iife',
    dts: false,
    clean: false,
    minify: true,
    // Everything is in the one file that a page names with its hash.
    deps: { alwaysBundle: () => true, onlyBundle: false },
    // The glue's own way to find its file, which nothing here takes.
    define: { ...common.define, 'import.meta': '{}' },
    outputOptions: { entryFileNames: '[name].js' },
  },
])
export default config
