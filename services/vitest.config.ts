import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    name: 'services',
    include: ['**/*.test.ts'],
    exclude: ['model-server/**', '**/node_modules/**'],
    testTimeout: 60_000,
    // Bounds a hang: a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
})
export default config
