import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { preact } from './vite.config.ts'

const config: ViteUserConfig = defineConfig({
  plugins: [preact()],
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    // Bounds a hang: a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
    // What names `react` must meet the page's Preact, as in the build.
    server: { deps: { inline: [/@testing-library\/preact/, /@blindllama\//, /preact/] } },
  },
})

export default config
