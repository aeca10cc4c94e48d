import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'

const config: PlaywrightTestConfig = defineConfig({
  testDir: 'vm',
  outputDir: 'results/vm',
  // A machine takes two processors.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 400_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: process.env['E2E_REPORT'] ?? 'results/vm-report.json' }]],
})

export default config
