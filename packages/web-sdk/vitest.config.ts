import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const wasm = new URL('../verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url)

const config: ViteUserConfig = defineConfig({
  // What the build writes into the package, see build/build.ts.
  define: {
    WASM_REMEDY: JSON.stringify(
      'Serve blindllama_verifier_bg.wasm and pass its address as `wasm`, or import @blindllama/web-sdk/inline',
    ),
    WASM_SHA256: JSON.stringify(existsSync(wasm) ? createHash('sha256').update(readFileSync(wasm)).digest('hex') : ''),
  },
  test: {
    name: 'web-sdk',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    globalSetup: ['test/support/build-peer.ts'],
    testTimeout: 120_000,
    // Bounds a hang: a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
})
export default config
