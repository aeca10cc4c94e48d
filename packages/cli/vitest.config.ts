import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    name: 'cli',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 120_000,
    // Bounds a hang: a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
})
export default config
