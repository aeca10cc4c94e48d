import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    name: 'assurance',
    include: ['**/*.test.ts'],
    exclude: ['second-verifier/**', '**/node_modules/**'],
    testTimeout: 60_000,
  },
})
export default config
