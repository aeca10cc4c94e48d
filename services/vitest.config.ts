import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    name: 'services',
    include: ['**/*.test.ts'],
    exclude: ['model-server/**', '**/node_modules/**'],
    testTimeout: 60_000,
  },
})
export default config
