import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests of deploy/, and of what the programs here judge by; the programs themselves are stages of their own. */
const config: ViteUserConfig = defineConfig({
  test: { name: 'e2e', include: ['{deploy,faults,soak}/**/*.test.ts'], testTimeout: 60_000 },
})
export default config
