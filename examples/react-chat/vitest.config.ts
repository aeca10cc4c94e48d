import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { preact } from './vite.config.ts'

const config: ViteUserConfig = defineConfig({
  plugins: [preact()],
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // What names `react` must meet the page's Preact, as in the build.
    server: { deps: { inline: [/@testing-library\/preact/, /@blindllama\//, /preact/] } },
  },
})

export default config
