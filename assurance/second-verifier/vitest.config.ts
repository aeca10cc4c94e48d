import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: { name: 'second-verifier', include: ['test/**/*.test.ts'], testTimeout: 60_000 },
})
export default config
