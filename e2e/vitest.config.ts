import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests of deploy/, and of what the programs here judge by; the programs themselves are stages of their own. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: 'e2e',
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 60_000,
    // Bounds a hang: a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
})
export default config
