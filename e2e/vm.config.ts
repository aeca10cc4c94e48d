import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'

const config: PlaywrightTestConfig = defineConfig({
  testDir: 'vm',
  outputDir: 'results/vm',
  // An emulated machine starts on one processor for the most part: two of them take little longer than one.
  workers: 2,
  fullyParallel: false,
  // An emulated machine with two processors panics in its scheduler's clock about once in 45 starts (QEMU 7.2): the list says so.
  retries: 1,
  timeout: 400_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: process.env['E2E_REPORT'] ?? 'results/vm-report.json' }]],
})

export default config
