import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const wasm = new URL('../verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url)

const config: ViteUserConfig = defineConfig({
  // What the build writes into the package.
  define: { WASM_SHA256: JSON.stringify(createHash('sha256').update(readFileSync(wasm)).digest('hex')) },
  test: { name: 'cli', include: ['test/**/*.test.ts'], testTimeout: 60_000 },
})
export default config
