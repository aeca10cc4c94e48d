import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { defineConfig, type UserConfig } from 'tsdown'

const wasm = createRequire(import.meta.url).resolve('@blindllama/verifier-wasm/blindllama_verifier_bg.wasm')

const config: UserConfig = defineConfig({
  tsconfig: 'tsconfig.json',
  target: 'node20',
  platform: 'node',
  entry: { blindllama: 'src/main.ts' },
  format: 'esm',
  dts: false,
  outputOptions: { entryFileNames: '[name].js' },
  // The module itself is read from the SDK's package, so that both always have the same.
  deps: { alwaysBundle: ['@blindllama/verifier-wasm'] },
  define: { WASM_SHA256: JSON.stringify(createHash('sha256').update(readFileSync(wasm)).digest('hex')) },
})
export default config
